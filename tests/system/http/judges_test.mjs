// SPDX-License-Identifier: Apache-2.0
// What outside judges say of a node: promtool of /metrics, testssl of HTTPS. A judge that is not installed is skipped. For
// another server, as write_test.mjs.
import {serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {connect} from 'node:tls';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const server = await serverStart();
const folder = mkdtempSync(join(tmpdir(), 'houji-judges-'));
const own = new URL('node_modules/.bin/promtool', import.meta.url).pathname;
const promtool = existsSync(own) ? own : 'promtool';
const address = new URL(server.tls);

const isThere = (program, ...words) => spawnSync(program, words, {stdio: 'ignore'}).error === undefined;

test('promtool finds nothing wrong with what the node counts', async () => {
	if (!isThere(promtool, '--version')) {
		return;
	}
	await (await fetch(`${server.url}/api/site`)).text();
	const metrics = await (await fetch(`${server.url}/metrics`)).text();
	const verdict = spawnSync(promtool, ['check', 'metrics'], {input: metrics, encoding: 'utf8'});

	assert.equal(verdict.stderr + verdict.stdout, '');
	assert.equal(verdict.status, 0);
	const bad = spawnSync(promtool, ['check', 'metrics'], {input: metrics.replace('# TYPE', '# KIND') + 'a b c\n', encoding: 'utf8'});

	assert.notEqual(bad.status, 0);
});
test('testssl finds no weakness of HTTPS within two minutes', () => {
	if (!isThere('testssl', '--version')) {
		return;
	}
	const path = join(folder, 'testssl.json');
	const done = spawnSync('testssl', ['--quiet', '--color', '0', '--warnings', 'off', '--ip', 'one', '-p', '-f', '-U',
		'--jsonfile', path, address.host], {encoding: 'utf8', timeout: 240000});

	assert.equal(done.error, undefined, String(done.error));
	const found = JSON.parse(readFileSync(path, 'utf8'));
	const verdict = (id) => found.find((finding) => finding.id === id)?.severity;
	// Only answers to people who did not say who they are are compressed: they hold no secret.
	// It takes a connection that is closed when a client wants to negotiate anew for one that did: see below.
	const weak = found.filter(({id, severity}) => ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'].includes(severity) &&
		!['secure_client_renego', 'BREACH'].includes(id));

	assert.deepEqual(weak, []);
	assert.ok(found.length > 25, JSON.stringify(found));
	assert.deepEqual([verdict('TLS1_2'), verdict('TLS1_3'), verdict('SSLv3'), verdict('RC4')], ['OK', 'OK', 'OK', 'OK']);
});
test('who wants to negotiate anew is shown the door', async () => {
	const end = await new Promise((resolve, reject) => {
		const socket = connect({host: address.hostname, port: Number(address.port), maxVersion: 'TLSv1.2', rejectUnauthorized: false}, () => {
			socket.renegotiate({rejectUnauthorized: false}, (error) => resolve(error === null ? 'negotiated' : 'refused'));
		});

		socket.on('end', () => resolve('closed'));
		socket.on('error', () => resolve('refused'));
		setTimeout(() => reject(new Error('nothing happened')), 20000).unref();
		socket.resume();
	});

	assert.notEqual(end, 'negotiated');
});

const code = await run();

await server.stop();
rmSync(folder, {recursive: true});
process.exit(code);
