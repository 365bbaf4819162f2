// SPDX-License-Identifier: Apache-2.0
// Where people land who follow an identifier. For another server, as write_test.mjs.
import {PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const server = await serverStart();
const by = 'Basic ' + Buffer.from(encodeURIComponent(server.user) + ':' + server.secret).toString('base64');
const name = (suffix) => `${PREFIX}/${suffix}-${process.pid}`;

async function put(handle, values) {
	const answer = await fetch(`${server.tls}/api/handles/${encodeURIComponent(handle)}`, {method: 'PUT',
		headers: {Authorization: by, 'Content-Type': 'application/json'},
		body: JSON.stringify(values.map(([index, type, data, ttl = 60]) => ({index, type, data, ttl})))});

	assert.equal(answer.status, 201, await answer.text());
}

async function follow(path, headers = {}) {
	const answer = await fetch(`${server.url}/${path}`, {redirect: 'manual', headers});

	return {status: answer.status, location: answer.headers.get('location'), headers: answer.headers,
		text: await answer.text()};
}

test('the first URL is where one lands', async () => {
	await put(name('url'), [[1, 'DESC', 'x'], [2, 'URL.other', 'https://example.net/'], [3, 'URL', 'https://example.org/demo'],
		[4, 'URL', 'https://example.com/']]);
	const answer = await follow(name('url'));

	assert.equal(answer.status, 302);
	assert.equal(answer.location, 'https://example.org/demo');
	assert.equal(answer.headers.get('content-type'), 'text/html;charset=utf-8');
	assert.equal(answer.text, '<html><head><title>Handle Redirect</title></head>\n' +
		'<body><a href="https://example.org/demo">https://example.org/demo</a></body></html>');
	const left = (Date.parse(answer.headers.get('expires')) - Date.now()) / 1000;

	assert.ok(left > 50 && left <= 61, String(left));
});
test('a value can be chosen by type or index', async () => {
	assert.equal((await follow(`${name('url')}?type=URL.other`)).location, 'https://example.net/');
	assert.equal((await follow(`${name('url')}?index=4`)).location, 'https://example.com/');
	assert.equal((await follow(`${name('url')}?type=NONE`)).status, 200);
});
test('old ways to write an identifier are understood', async () => {
	const [prefix, suffix] = name('url').split('/');

	for (const path of [`hdl:${name('url')}`, `doi:${name('url')}`, `info:hdl/${name('url')}`, `urn:hdl:${prefix}:${suffix}`,
		`urn:doi:${name('url')}`, `HDL:${name('url')}`]) {
		assert.equal((await follow(path)).location, 'https://example.org/demo', path);
	}
});
test('what is appended stays behind the host', async () => {
	await put(name('host'), [[1, 'URL', 'https://example.org']]);
	assert.equal((await follow(`${name('url')}?urlappend=%3Fa%3D1`)).location, 'https://example.org/demo?a=1');
	assert.equal((await follow(`${name('host')}?urlappend=.evil.example`)).location, 'https://example.org/.evil.example');
	assert.equal((await follow(`${name('host')}?urlappend=%40evil.example`)).location, 'https://example.org/@evil.example');
	assert.equal((await follow(`${name('host')}?urlappend=%0d%0aSet-Cookie:x`)).headers.get('set-cookie'), null);
});
test('an alias leads to the other identifier with the same query', async () => {
	await put(name('alias'), [[1, 'HS_ALIAS', name('url')], [2, 'URL', 'https://example.net/']]);
	const answer = await follow(`${name('alias')}?a=b&c=%41`);

	assert.equal(answer.status, 301);
	assert.equal(answer.location, `/${name('url')}?a=b&c=%41`);
	assert.equal((await follow(`${name('alias')}?ignore_aliases`)).status, 200);
});
test('an alias cannot lead to another host', async () => {
	await put(name('evil'), [[1, 'HS_ALIAS', '/evil.example/x']]);
	assert.equal((await follow(name('evil'))).location, '/%2Fevil.example/x');
});
test('an alias of itself is no circle', async () => {
	await put(name('self'), [[1, 'HS_ALIAS', name('self')]]);
	assert.equal((await follow(name('self'))).status, 200);
});
test('nobody is sent to what is no address of the web', async () => {
	let number = 0;

	for (const url of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'http://good.example@evil.example/',
		'http://good.example\\@evil.example', 'java\nscript:x', 'file:///etc/passwd']) {
		const handle = name(`unsafe${number++}`);

		await put(handle, [[1, 'URL', url]]);
		const answer = await follow(handle);

		assert.equal(answer.status, 200, url);
		assert.equal(answer.location, null, url);
		assert.doesNotMatch(answer.text, /<a [^>]*href="(?!\/api)/, url);
	}
});
test('of several places one is chosen by what the asker says', async () => {
	await put(name('loc'), [[1, 'URL', 'https://example.org/old'], [2, '10320/loc', '<locations chooseby="locatt,country,weighted">' +
		'<location id="0" href="https://example.org/gb" country="gb" weight="0"/>' +
		'<location id="1" href_template="https://example.cn/{hdl}" country="cn" weight="1" http_sc="303"/></locations>']]);
	const cn = `https://example.cn/${encodeURIComponent(name('loc'))}`;
	const first = await follow(name('loc'));

	assert.equal(first.location, cn);
	assert.equal(first.status, 303);
	assert.equal(first.headers.get('cache-control'), 'no-store');
	assert.equal((await follow(`${name('loc')}?locatt=id:0`)).location, 'https://example.org/gb');
	assert.equal((await follow(`${name('loc')}?country=gb`)).location, 'https://example.org/gb');
});
test('a place that is none falls back to the URL', async () => {
	await put(name('bomb'), [[1, 'URL', 'https://example.org/old'],
		[2, '10320/loc', '<!DOCTYPE l [<!ENTITY a "x">]><locations><location href="https://a/&a;"/></locations>']]);
	await put(name('script'), [[1, 'URL', 'https://example.org/old'],
		[2, '10320/loc', '<locations><location href="javascript:alert(1)"/></locations>']]);
	assert.equal((await follow(name('bomb'))).location, 'https://example.org/old');
	assert.equal((await follow(name('script'))).location, 'https://example.org/old');
});
test('values are shown as text, whatever they are', async () => {
	await put(name('<b>"&\''), [[1, 'URL', 'https://example.org/'], [2, '<i>', '</td><script>alert(1)</script>']]);
	const answer = await follow(`${encodeURIComponent(name('<b>"&\''))}?noredirect`);

	assert.equal(answer.status, 200);
	assert.doesNotMatch(answer.text, /<script|<b>|<i>/);
	assert.match(answer.text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
	assert.match(answer.text, /<a rel="noreferrer" href="https:\/\/example.org\/">/);
	const policy = answer.headers.get('content-security-policy');

	assert.match(policy, /default-src 'none'/);
	assert.doesNotMatch(policy, /unsafe/);
});
test('pages speak the language of their reader', async () => {
	const english = await follow(name('nothing'), {'Accept-Language': 'en'});
	const chinese = await follow(name('nothing'), {'Accept-Language': 'zh-CN,zh;q=0.9,en;q=0.8'});

	assert.equal(english.status, 404);
	assert.match(english.text, /lang="en"[^]*not registered/);
	assert.equal(chinese.status, 404);
	assert.match(chinese.text, /lang="zh-CN"[^]*未注册/);
	assert.match(chinese.headers.get('vary'), /Accept-Language/);
});
test('a foreign prefix is not found', async () => {
	assert.equal((await follow('99.9/x')).status, 404);
});
test('the start page and its style sheet are there', async () => {
	const start = await follow('');

	assert.equal(start.status, 200);
	const style = /<link rel="stylesheet" href="\/([^"]+)">/.exec(start.text)[1];

	assert.equal((await follow(style)).headers.get('content-type'), 'text/css;charset=utf-8');
});
test('what not everybody may see is not shown', async () => {
	const answer = await follow(`${PREFIX}/PRIVATE?noredirect`);

	assert.equal(answer.status, 200);
	assert.doesNotMatch(answer.text, /example\.org/);
});

const code = await run();
await server.stop();
process.exit(code);
