// SPDX-License-Identifier: Apache-2.0
// Where nobody is sent to, whatever a record says: the addresses of tests/vectors/urls.json, each with where a reader
// lands, and the hosts that an operator allows to a prefix. What the URL parser of Node, which is that of browsers,
// makes of an address is the judge of the table.
import {readFileSync} from 'node:fs';
import {CODES, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

const TABLE = JSON.parse(readFileSync(new URL('../../vectors/urls.json', import.meta.url), 'utf8'));
const [OPEN, KEPT, DERIVED, OTHER] = ['88.700', '88.701', '88.701.1', '88.702'];
const record = (handle, ...values) => ({handle, values: values.map(([type, data], i) => ({index: i + 1, type, data, ttl: 60}))});
const place = (href) => `<locations><location href="${href}" weight="1"/><location href="https://shop.example.cn/b" weight="0"/></locations>`;
const RECORDS = [
	// As octets: a text of JSON has no NUL.
	...TABLE.map(([url], i) => record(`${OPEN}/${i}`, ['URL', {format: 'base64', value: Buffer.from(url).toString('base64')}])),
	...[KEPT, DERIVED, OTHER, '88.7011', '88.703'].flatMap((prefix) => [
		record(`${prefix}/GOOD`, ['URL', 'https://good.example/a']),
		record(`${prefix}/EVIL`, ['URL', 'https://evil.example/a?b=1&c="d"']),
		record(`${prefix}/BOTH`, ['URL', 'https://evil.example/a'], ['URL', 'https://good.example/b'])]),
	record(`${KEPT}/PORT`, ['URL', 'https://GOOD.example.:8443/a']),
	record(`${KEPT}/BELOW`, ['URL', 'https://a.b.example.cn/']),
	record(`${KEPT}/ABOVE`, ['URL', 'https://example.cn/']),
	record(`${KEPT}/BESIDE`, ['URL', 'https://evilexample.cn/']),
	record(`${KEPT}/IDN`, ['URL', 'https://例子.中国/']),
	record(`${KEPT}/LOC`, ['10320/loc', place('https://evil.example/a')]),
	record(`${KEPT}/ALIAS`, ['HS_ALIAS', `${KEPT}/EVIL`]),
	record(`${KEPT}/PIP`, ['URL', 'https://good.example/'], ['URL.gs1:pip', 'https://evil.example/pip']),
	record(`${KEPT}/PART`, ['URL', 'https://evil.example/part'], ['PASS_SUFFIX', '1']),
];
const HOSTS = `web:
  base_url: "https://id.example.org"
  destinations: ["${KEPT} good.example", "${KEPT} *.example.cn", "${KEPT} 例子.中国", "${DERIVED} evil.example", "${OTHER} *.good.example", "88.703 good.example", "* good.example", "88.7011 [2001:db8::1]"]
`;
const codes = `scheme,code,identifier\ngs1,(01)09521234543213,${KEPT}/EVIL\n`;
const table = await serverStart({records: RECORDS});
const refusing = await serverStart({records: RECORDS, settings: HOSTS + `codes:\n  prefix: "${CODES}"\n`, codes});
const asking = await serverStart({records: RECORDS, settings: HOSTS + `  leaving_page: true\ncodes:\n  prefix: "${CODES}"\n`, codes});

async function follow(server, path, headers = {}) {
	const answer = await fetch(`${server.url}/${path}`, {redirect: 'manual', headers});

	return {status: answer.status, location: answer.headers.get('location'), headers: answer.headers, text: await answer.text()};
}

async function leads(server, path, location) {
	const answer = await follow(server, path);

	assert.equal(answer.location, location, path);
	assert.ok([302, 307].includes(answer.status), `${path}: ${answer.status}`);
}

async function shows(path, host, query = '') {
	const answer = await follow(asking, path);

	assert.equal(answer.status, 200, path);
	assert.equal(answer.location, null, path);
	assert.equal(answer.headers.get('cache-control'), 'no-store');
	assert.match(answer.headers.get('content-security-policy'), /default-src 'none'|default-src 'self'/);
	assert.ok(answer.text.includes(`<strong>${host}</strong>`), answer.text);
	assert.ok(answer.text.includes(`href="https://${host}${query}`), answer.text);
	return answer;
}

test('the table has each address once, and at least a hundred that nobody is sent to', () => {
	assert.ok(TABLE.length >= 200 && new Set(TABLE.map(([url]) => url)).size === TABLE.length);
	assert.ok(TABLE.filter(([, lands]) => lands === null).length >= 100);
});
test('each address of the table leads where it should, or nowhere', async () => {
	for (const [i, [url, lands, why]] of TABLE.entries()) {
		const {status, location, text} = await follow(table, `${OPEN}/${i}`);
		const what = `${JSON.stringify(url)} (${why})`;

		assert.equal(location, lands, what);
		assert.equal(status, lands === null ? 200 : 302, what);
		if (lands === null) {
			assert.doesNotMatch(text, /<a [^>]*href="(?!\/(?!\/)|#)/, what);
		} else {
			assert.match(location, /^[\x21-\x7e]+$/, what);
			assert.equal(new URL(location).origin, new URL(url).origin, `a browser goes elsewhere: ${what}`);
		}
	}
});
test('what a client appends changes the host of none', async () => {
	for (const [i, [, lands]] of TABLE.entries()) {
		for (const append of lands === null ? [] : ['.evil.example', '@evil.example', ':1', '\\evil.example', '//evil.example', '\t.evil.example']) {
			const {location} = await follow(table, `${OPEN}/${i}?urlappend=${encodeURIComponent(append)}`);

			assert.equal(new URL(location).host, new URL(lands).host, `${lands} ${append}`);
		}
	}
});
test('a prefix leads to its hosts, and the prefixes below it', async () => {
	for (const server of [refusing, asking]) {
		await leads(server, `${KEPT}/GOOD`, 'https://good.example/a');
		await leads(server, `${KEPT}/PORT`, 'https://GOOD.example.:8443/a');
		await leads(server, `${KEPT}/BELOW`, 'https://a.b.example.cn/');
		await leads(server, `${KEPT}/IDN`, 'https://xn--fsqu00a.xn--fiqs8s/');
		await leads(server, `${DERIVED}/EVIL`, 'https://evil.example/a?b=1&c=%22d%22');
		await leads(server, '88.703/GOOD', 'https://good.example/a');
	}
});
test('nobody is led to others, as if the record had no such address', async () => {
	for (const path of [`${KEPT}/EVIL`, `${KEPT}/ABOVE`, `${KEPT}/BESIDE`, `${DERIVED}/GOOD`, `${OTHER}/GOOD`, `${OTHER}/EVIL`, '88.7011/GOOD',
		'88.7011/EVIL', `${KEPT}/EVIL?redirectionHeaders`, `${KEPT}/EVIL?type=URL`, '01/09521234543213']) {
		const {status, location, text} = await follow(refusing, path);

		assert.equal(status, 200, path);
		assert.equal(location, null, path);
		assert.ok(text.includes('<h1 class="handle">'), path);
	}
	await leads(refusing, `${KEPT}/BOTH`, 'https://good.example/b');
	await leads(refusing, `${KEPT}/LOC`, 'https://shop.example.cn/b');
	assert.equal((await follow(refusing, `${KEPT}/PIP?linkType=gs1:pip`)).status, 404);
	assert.equal((await follow(refusing, `${KEPT}/PART/x`)).status, 404);
	assert.ok(!(await follow(refusing, `${KEPT}/PIP?linkType=linkset`)).text.includes('evil.example'));
	assert.ok(!(await follow(refusing, `${KEPT}/PIP`)).headers.get('link').includes('evil.example'));
});
test('a page stands in front of others where the operator has it, on every way', async () => {
	const {text} = await shows(`${KEPT}/EVIL`, 'evil.example', '/a?b=1&amp;c=%22d%22');

	assert.ok(text.includes(`href="/${KEPT}/EVIL?noredirect"`) && text.includes('rel="noreferrer noopener nofollow"'), text);
	await shows(`${KEPT}/ABOVE`, 'example.cn');
	await shows(`${DERIVED}/GOOD`, 'good.example');
	await shows(`${KEPT}/EVIL?redirectionHeaders`, 'evil.example');
	await shows(`${KEPT}/EVIL?urlappend=%23x`, 'evil.example', '/a?b=1&amp;c=%22d%22#x');
	await shows(`${KEPT}/LOC`, 'evil.example');
	await shows(`${KEPT}/PIP?linkType=gs1:pip`, 'evil.example', '/pip');
	await shows(`${KEPT}/PART/x`, 'evil.example', '/part/x');
	await shows('01/09521234543213', 'evil.example');
	await shows('88.7011/EVIL', 'evil.example');
	assert.equal((await follow(asking, `${KEPT}/ALIAS`)).location, `/${KEPT}/EVIL`);
});
test('the page speaks the language of its reader, and is counted', async () => {
	const count = async () => Number(/^houji_http_leaving_pages_total (\d+)/m.exec(await (await fetch(`${asking.url}/metrics`)).text())[1]);
	const before = await count();
	const {text} = await follow(asking, `${KEPT}/EVIL`, {'Accept-Language': 'zh-CN'});

	assert.ok(text.includes('lang="zh-CN"') && text.includes('即将离开本站') && text.includes('继续前往 evil.example'), text);
	assert.equal(await count(), before + 1);
});
test('a record is shown, told and described wherever it leads', async () => {
	for (const server of [refusing, asking]) {
		assert.equal((await follow(server, `${KEPT}/EVIL?noredirect`)).status, 200);
		assert.ok((await follow(server, `${KEPT}/EVIL?action=raw`)).text.includes('https://evil.example/a'));
		assert.ok((await follow(server, `api/handles/${KEPT}/EVIL`)).text.includes('https://evil.example/a'));
	}
	assert.ok((await follow(asking, `${KEPT}/PIP?linkType=linkset`)).text.includes('https://evil.example/pip'));
});

const code = await run();
for (const server of [table, refusing, asking]) {
	await server.stop();
}
process.exit(code);
