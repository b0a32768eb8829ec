# The examples in the AWS CLI's own reference (awscli/examples), read by the CLI's own parser: what each command asks for, and what AWS answered.
import contextlib, glob, io, json, os, re, shlex, tempfile
import awscli, awscli.clidriver


class Captured(Exception):
    pass


def blocks_of(text):
    """Paragraphs of text, and what is indented below each."""
    lines, prose, block = text.split('\n'), [], []
    for line in lines + ['end']:
        if line.startswith((' ', '\t')) or (not line.strip() and block):
            block.append(line)
        elif line.strip():
            if block:
                yield ' '.join(prose), '\n'.join(block)
                prose, block = [], []
            prose.append(line.strip())


def documented(service):
    """(name, command, files, output) of every example."""
    root = os.path.join(awscli.__path__[0], 'examples', service)
    for path in sorted(glob.glob(root + '/*.rst')):
        name = os.path.basename(path)[:-4]
        found, files = [], {}
        for prose, block in blocks_of(open(path, encoding='utf-8').read()):
            command = re.search(r'^\s*aws [\s\S]*', block)
            if command:
                # A block may hold several commands, one after the other.
                for each in re.split(r'\n\s*\n(?=\s*aws )', command.group(0).strip()):
                    # What a file contains is said below its command; a later example may use it again.
                    files = dict(files)
                    found.append({'command': re.sub(r'\\[ \t]*\n', ' ', each), 'output': None, 'files': files})
                continue
            file = re.search(r'(?:``)?([\w.-]+\.(?:json|txt|pem|yaml))(?:``)?[^`]{0,60}:{1,2}$', prose)
            if file and not prose.rstrip(': ').lower().endswith('output'):
                files[file.group(1)] = block
            elif found and found[-1]['output'] is None:
                found[-1]['output'] = block
        for index, each in enumerate(found):
            yield f'{service} {name} {index}', each['command'], each['files'], each['output']


def output_of(block):
    try:
        return json.loads(block) if block else {}
    except ValueError:
        return {}


driver = None


def asked(command, files, content_of):
    """(operation, parameters) of a command; `content_of` a file that the example does not show. Nothing is sent."""
    global driver
    if driver is None:
        driver = awscli.clidriver.create_clidriver()

        def capture(params, model, **_):
            captured.append((model.name, dict(params)))
            raise Captured()
        driver.session.register('provide-client-params', capture)
    captured.clear()
    # Pipes and redirections are the shell's, and so are Windows' line ends.
    words = shlex.split(re.split(r'\s[|>]\s', re.sub(r'\^[ \t]*\n', ' ', command))[0])[1:]
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        try:
            for name, content in files.items():
                with open(name, 'w') as file:
                    file.write(content)
            for word in words:
                named = re.search(r'fileb?://(.+)$', word)
                if named and not os.path.exists(named.group(1)):
                    if os.path.dirname(named.group(1)):
                        raise ValueError('a file elsewhere')
                    with open(named.group(1), 'w') as file:
                        file.write(content_of(named.group(1)))
            errors = io.StringIO()
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
                try:
                    driver.main(words)
                except SystemExit:
                    pass
        finally:
            os.chdir(before)
    if not captured:
        raise ValueError('the CLI does not take it: ' + errors.getvalue().strip().split('\n')[-1][:200])
    return captured[0]


captured = []
