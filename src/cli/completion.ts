// `castellan completion SHELL`: the script that completes commands and options.
import type { CommandContext } from './main.ts';
import { serverOptions } from './options.ts';
import { CommandError } from './output.ts';

const commands = [
  'start',
  'env',
  'explain',
  'coverage',
  'time',
  'secret',
  'exec',
  'export',
  'import',
  'managed-policies',
  'landing-zone',
  'simulate',
  'test',
  'mail',
  'root-key',
  'reset',
  'doctor',
  'completion',
];

export async function completion({ output }: CommandContext, [shell = '']: readonly string[]): Promise<void> {
  const options = serverOptions.map(({ name }) => `--${name}`).join(' ');
  const words = commands.join(' ');
  switch (shell) {
    case 'bash':
      return output.print(
        `_castellan() { local words="${words}"; [ "\${COMP_WORDS[1]}" = start ] && words="${options} --json"; COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")); }\ncomplete -F _castellan castellan`,
      );
    case 'zsh':
      return output.print(`#compdef castellan\n_arguments '1:command:(${words})' '*:option:(${options} --json --data-dir)'`);
    case 'fish':
      return output.print(
        [
          ...commands.map((name) => `complete -c castellan -n __fish_use_subcommand -a ${name}`),
          ...serverOptions.map(
            ({ name, description }) =>
              `complete -c castellan -n '__fish_seen_subcommand_from start' -l ${name} -d '${description.replaceAll("'", '')}'`,
          ),
        ].join('\n'),
      );
    default:
      throw new CommandError(`\`${shell}\` is not bash, zsh or fish`, 2);
  }
}
