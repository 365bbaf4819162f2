// SPDX-License-Identifier: Apache-2.0
// A prefix that another node answers for: each interface says so in its own way, and names the node.
import {serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const site = {version: 1, protocolVersion: '2.11', serialNumber: 1, primarySite: true, multiPrimary: false, attributes: [], servers: [
	{serverId: 1, address: '192.0.2.7', publicKey: {format: 'key', value: {kty: 'RSA', n: 'AQ'.repeat(100), e: 'AQAB'}},
		interfaces: [{query: true, admin: true, protocol: 'TCP', port: 2641}]}]};
const server = await serverStart({records: [
	{handle: '0.NA/88.720', values: [{index: 700, type: 'HS_SITE.PREFIX', data: {format: 'site', value: site}}]}]});
const by = 'Basic ' + Buffer.from(encodeURIComponent(server.user) + ':' + server.secret).toString('base64');
const asked = '0.NA/88.720.5';

async function ask(path, headers = {}) {
	const answer = await fetch(`${server.tls}/${path}`, {redirect: 'manual', headers});

	return {status: answer.status, headers: answer.headers, text: await answer.text()};
}

test('a prefix below one that delegates is a prefix referral, with the values that say to whom', async () => {
	const {status, text} = await ask(`api/handles/${asked}`);
	const json = JSON.parse(text);

	assert.equal(status, 300, text);
	assert.equal(json.responseCode, 303);
	assert.deepEqual(Object.keys(json), ['responseCode', 'values', 'handle']);
	assert.equal(json.handle, asked);
	assert.deepEqual(json.values.map(({index, type}) => [index, type]), [[700, 'HS_SITE.PREFIX']]);
	assert.deepEqual(json.values[0].data.value.servers.map(({address}) => address), site.servers.map(({address}) => address));
});
test('/v1 says it as a problem, with the same values and nothing to keep', async () => {
	for (const headers of [{}, {Authorization: by}]) {
		const {status, headers: head, text} = await ask(`v1/handles/${asked}`, headers);
		const json = JSON.parse(text);

		assert.equal(status, 300, text);
		assert.equal(head.get('content-type'), 'application/problem+json;charset=utf-8');
		assert.equal(head.get('cache-control'), 'no-store');
		assert.equal(head.get('etag'), null);
		assert.deepEqual({...json, values: json.values.map(({type}) => type)}, {type: 'about:blank', title: 'Multiple Choices', status: 300,
			responseCode: 303, handle: asked, values: ['HS_SITE.PREFIX']});
	}
});
test('who wants no referral is told that there is no such handle', async () => {
	assert.equal((await ask(`api/handles/${asked}?doNotRefer`)).status, 404);
	assert.equal((await ask(`v1/handles/${asked}?doNotRefer`)).status, 404);
});
test('a person reads that another node answers for it', async () => {
	for (const [language, words] of [['en', 'Another node answers for this identifier.'], ['zh', '该标识由其他节点提供解析。']]) {
		const {status, text} = await ask(asked, {'Accept-Language': language});

		assert.equal(status, 404);
		assert.ok(text.includes(words), text);
	}
});
test('it is counted as what it was', async () => {
	const count = async () => Number(/^houji_answers_referral_total (\d+)$/m.exec((await ask('metrics')).text)[1]);
	const before = await count();

	await ask(`api/handles/${asked}`);
	await ask(`v1/handles/${asked}`);
	assert.equal(await count(), before + 2);
});

const code = await run();
await server.stop();
process.exit(code);
