// SPDX-License-Identifier: Apache-2.0
// A server to ask: the one that HTTP_URL names, or a node of our own, made from HOUJI.
import {execFileSync, spawn} from 'node:child_process';
import {appendFileSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export const PREFIX = process.env.HTTP_PREFIX ?? '20.500.99999';
const RECORDS = [
	{handle: `${PREFIX}/DEMO`, values: [
		{index: 1, type: 'URL', data: 'https://example.org/demo', ttl: 86400, timestamp: '2023-11-14T22:13:20Z'},
		{index: 2, type: 'EMAIL', data: 'demo@example.org', timestamp: '2023-11-14T22:13:20Z'},
		{index: 3, type: 'NOTE', data: 'for readers', permissions: '1100', timestamp: '2023-11-14T22:13:20Z'},
		{index: 4, type: 'BLOB', data: {format: 'base64', value: 'AAEC'}, timestamp: '2023-11-14T22:13:20Z'},
		{index: 100, type: 'HS_ADMIN', data: {format: 'admin', value:
			{handle: `0.NA/${PREFIX}`, index: 300, permissions: '111111111111'}},
		timestamp: '2023-11-14T22:13:20Z'}]},
	{handle: `${PREFIX}/PRIVATE`, values: [
		{index: 1, type: 'URL', data: 'https://example.org/', permissions: '1100'},
		{index: 100, type: 'HS_ADMIN', permissions: '1100', data: {format: 'admin', value:
			{handle: `0.NA/${PREFIX}`, index: 301, permissions: '111111111111'}}}]},
];

async function serve(houji, directory) {
	const process_ = spawn(houji, ['serve', directory], {stdio: ['ignore', 'pipe', 'pipe'],
		env: {...process.env, LC_ALL: 'C.UTF-8'}});
	let told = '';
	process_.stderr.setEncoding('utf8').on('data', (text) => {
		told += text;
		process.stderr.write(text);
	});
	const line = await new Promise((resolve, reject) => {
		process_.stdout.once('data', (data) => resolve(String(data)));
		process_.once('close', (code, signal) => reject(new Error(`the node did not start (${code ?? signal}): ${told}`)));
	});
	const port = /127\.0\.0\.1:(\d+) \(http, https\)/.exec(line)[1];

	return {
		url: `http://127.0.0.1:${port}`,
		tls: `https://127.0.0.1:${port}`,
		// Resolves to what the node says of it.
		reload: () => new Promise((resolve) => {
			process_.stderr.once('data', resolve);
			process_.kill('SIGHUP');
		}),
		stop: () => new Promise((resolve) => {
			process_.removeAllListeners('exit');
			process_.once('exit', resolve);
			process_.kill('SIGTERM');
		}),
	};
}

// Resolves to {url, tls, user, secret, stop()}. Of a node of our own: `settings` are lines put behind its houji.yaml,
// `codes` a CSV of mappings below CODES, `records` are loaded beside ours, whatever their prefix.
export const CODES = '88.998.1';
export async function serverStart({settings = '', codes = null, records = []} = {}) {
	if (process.env.HTTP_URL) {
		return {url: process.env.HTTP_URL, tls: process.env.HTTP_URL.replace(/^http:/, 'https:'),
			user: process.env.HTTP_USER, secret: process.env.HTTP_SECRET, stop: async () => {}};
	}
	const houji = process.env.HOUJI;
	const folder = mkdtempSync(join(tmpdir(), 'houji-http-'));
	const directory = join(folder, 'node');

	execFileSync(houji, ['init', directory, '--prefix', PREFIX, '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0']);
	execFileSync(houji, ['load', directory, '-', '--quiet', '--home'],
		{input: [...RECORDS, ...records].map((record) => JSON.stringify(record) + '\n').join('')});
	appendFileSync(join(directory, 'houji.yaml'), settings);
	if (codes !== null) {
		execFileSync(houji, ['code', 'import', '--home', '--quiet', '--prefix', CODES, directory, '-'], {input: codes});
	}
	const served = await serve(houji, directory);

	return {
		...served,
		directory,
		user: `301:0.NA/${PREFIX}`,
		secret: readFileSync(join(directory, 'client', 'admin.secret'), 'utf8').trimEnd(),
		stop: async () => {
			await served.stop();
			rmSync(folder, {recursive: true});
		},
		stopKeeping: served.stop,
		startAgain: async () => {
			const again = await serve(houji, directory);

			return {...again, stop: async () => {
				await again.stop();
				rmSync(folder, {recursive: true});
			}};
		},
	};
}
