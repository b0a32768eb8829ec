// `npm run bench`: the server side by side with others; `npm run bench -- policy`: the policy engine by itself.
if (process.argv[2] === 'policy') await import('./policy.ts');
else await import('./bench.ts');
