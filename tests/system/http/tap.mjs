// SPDX-License-Identifier: Apache-2.0
// Runs named promises one after the other and prints them as TAP; reasons for what failed go to standard error, which
// Meson shows of a test that failed.
import assert from 'node:assert/strict';

const cases = [];

export function test(name, run) {
	cases.push({name, run});
}

export async function run() {
	let failed = 0;

	for (const [i, {name, run: body}] of cases.entries()) {
		try {
			await body();
			console.log(`ok ${i + 1} - ${name}`);
		} catch (error) {
			failed++;
			console.log(`not ok ${i + 1} - ${name}`);
			console.error(`${name}\n${error.stack}`);
		}
	}
	console.log(`1..${cases.length}`);
	return failed === 0 ? 0 : 1;
}

export {assert};
