// Cuts the rupee sign out of Inter's latin-ext file: node subset_rupee.mjs <in.woff2> <out.woff2>
import { readFileSync, writeFileSync } from 'node:fs';
import subset from 'subset-font';

const [, , source, target] = process.argv;
writeFileSync(target, await subset(readFileSync(source), '₹', { targetFormat: 'woff2' }));
