// `npm run bench`: the server side by side with others; `-- policy`: the policy engine by itself; `-- bill`: metering and the bill; `-- what-if`: a long
// ledger replayed; `-- compliance`: tag policies over thousands of accounts.
if (process.argv[2] === 'policy') await import('./policy.ts');
else if (process.argv[2] === 'bill') await import('./bill.ts');
else if (process.argv[2] === 'what-if') await import('./what-if.ts');
else if (process.argv[2] === 'compliance') await import('./compliance.ts');
else await import('./bench.ts');
