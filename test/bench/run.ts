// `npm run bench`: the server side by side with others; `npm run bench -- policy`: the policy engine by itself; `npm run bench -- bill`: metering and
// the bill.
if (process.argv[2] === 'policy') await import('./policy.ts');
else if (process.argv[2] === 'bill') await import('./bill.ts');
else await import('./bench.ts');
