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
test('parameters are parted by a semicolon as by an ampersand', async () => {
	assert.equal((await follow(`${name('url')}?x=1;index=4`)).location, 'https://example.com/');
	assert.equal((await follow(`${name('url')}?type=URL.other;urlappend=a%3Bb`)).location, 'https://example.net/a;b');
});
test('old ways to write an identifier are understood', async () => {
	const [prefix, suffix] = name('url').split('/');

	for (const path of [`hdl:${name('url')}`, `doi:${name('url')}`, `info:hdl/${name('url')}`, `urn:hdl:${prefix}:${suffix}`,
		`urn:doi:${name('url')}`, `urn:eidr:${prefix}:${suffix}`, `HDL:${name('url')}`]) {
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
		assert.doesNotMatch(answer.text, /<a [^>]*href="(?!\/(?!\/)|#)/, url);
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
test('of several places one is chosen by what the asker is', async () => {
	await put(name('role'), [[1, '10320/loc', '<locations>' +
		'<location http_role="browser" href="https://example.org/page"/>' +
		'<location http_role="conneg" media-type="application/ld+json" href="https://example.org/ld"/>' +
		'<location role="metadata" href="https://example.org/meta"/>' +
		'<location http_role="no_conneg" href="https://example.org/plain"/></locations>']]);
	const page = await follow(name('role'), {Accept: 'text/html,*/*;q=0.8'});

	assert.equal(page.location, 'https://example.org/page');
	assert.match(page.headers.get('vary'), /\bAccept\b(?!-)/);
	assert.equal((await follow(name('role'), {Accept: 'application/ld+json'})).location, 'https://example.org/ld');
	assert.equal((await follow(name('role'))).location, 'https://example.org/plain');
	assert.equal((await follow(`${name('role')}?action=metadata`)).location, 'https://example.org/meta');
	await put(name('tongue'), [[1, '10320/loc', '<locations><location language="en" href="https://example.org/en"/>' +
		'<location language="zh" href="https://example.org/zh"/></locations>']]);
	const zh = await follow(name('tongue'), {'Accept-Language': 'fr,zh;q=0.8,en;q=0.5'});

	// Of two the next asker may get the other; of one nobody does.
	assert.equal(zh.location, 'https://example.org/zh');
	assert.equal(zh.headers.get('cache-control'), 'no-store');
	await put(name('only'), [[1, '10320/loc', '<locations><location href="https://example.org/only"/></locations>']]);
	assert.match((await follow(name('only'))).headers.get('cache-control'), /max-age/);
});
test('places can be included from other records, as many as may be', async () => {
	await put(name('common'), [[1, '10320/loc', '<locations><location id="c" href="https://example.org/common"/></locations>']]);
	await put(name('including'), [[1, '10320/loc', `<locations include="${name('common')}"><include>${name('ring')}</include>` +
		'<location id="a" href="https://example.org/own"/></locations>']]);
	await put(name('ring'), [[1, '10320/loc', `<locations include="${name('ring')}">` +
		'<location id="r" href_template="https://example.org/{hdl}"/></locations>']]);
	assert.equal((await follow(`${name('including')}?locatt=id:c`)).location, 'https://example.org/common');
	assert.equal((await follow(`${name('including')}?locatt=id:a`)).location, 'https://example.org/own');
	assert.equal((await follow(`${name('including')}?locatt=id:r`)).location,
		`https://example.org/${encodeURIComponent(name('including'))}`);
	assert.equal((await follow(name('ring'))).status, 302);
});
test('all places can be seen as XML', async () => {
	await put(name('shown'), [[1, 'URL', 'https://example.org/?a&b'], [2, '10320/loc',
		'<locations><location id="x&lt;" href_template="https://example.org/{hdl}"/></locations>']]);
	const answer = await follow(`${name('shown')}?action=showurls`);

	assert.equal(answer.headers.get('content-type'), 'text/xml;charset=utf-8');
	assert.match(answer.text, /<location id="x&lt;" href_template="[^"]+" href="https:\/\/example.org\/20.500[^"]+"\/>/);
	assert.match(answer.text, /<location href="https:\/\/example.org\/\?a&amp;b" weight="0" mode="legacy"\/>/);
	assert.match((await follow(`${name('url')}?action=showurls`)).text,
		/^<locations>\n<location href="https:\/\/example.org\/demo" weight="1" mode="legacy"\/>/);
});
test('the same address answers programs, and forms', async () => {
	assert.equal(JSON.parse((await follow(`${name('url')}?action=api&type=DESC`)).text).values[0].type, 'DESC');
	assert.equal((await follow(`?hdl=${encodeURIComponent(name('url'))}`)).location, 'https://example.org/demo');
	assert.equal((await follow(`${name('url')}?type=URL.other;noredirect`)).status, 200);
	for (const path of ['', `${PREFIX}/NONE-${process.pid}`]) {
		const answer = await fetch(`${server.url}/${path}`, {method: 'POST', redirect: 'manual',
			body: new URLSearchParams({hdl: ` ${name('url')} `, type: 'URL.other'})});

		assert.equal(answer.status, path === '' ? 302 : 404);
		assert.equal(answer.headers.get('location'), path === '' ? 'https://example.net/' : null);
		await answer.text();
	}
});
test('a record adds headers that harm nobody', async () => {
	await put(name('lines'), [[1, 'URL', 'https://example.org/'], [2, '10320/headers',
		'X-Robots-Tag: noindex\nLink: <https://example.org/{hdl}>; rel="item"\n<meta name="a" content="&quot;{hdl}"/>']]);
	const answer = await follow(name('lines'));

	assert.equal(answer.status, 302);
	assert.equal(answer.headers.get('x-robots-tag'), 'noindex');
	assert.match(answer.headers.get('link'), new RegExp(`<https://example.org/${encodeURIComponent(name('lines'))}>; rel="item"`));
	assert.match(answer.text, /<title>Handle Redirect<\/title>\n<meta name="a" content="&quot;20.500[^"]+">\n<\/head>/);
});
test('values that cannot be used are refused when they are written', async () => {
	const bad = [['10320/loc', '<!DOCTYPE l [<!ENTITY a "x">]><locations/>', /DOCTYPE/],
		['10320/loc', '<locations><location href="javascript:alert(1)"/></locations>', /line 1: href="javascript:alert\(1\)"/],
		['10320/loc', '<locations><location href="https://example.org/" weight="much"/></locations>', /weight="much"/],
		['10320/loc', '<locations>', /line 1/], ['10320/headers', 'Set-Cookie: a=b', /"Set-Cookie" is no header/],
		['HS_NAMESPACE', '<namespace><template><if test="matches" expression="("/></template></namespace>', /expression is wrong/]];

	for (const [type, data, why] of bad) {
		const answer = await fetch(`${server.tls}/api/handles/${encodeURIComponent(name('bad'))}`, {method: 'PUT',
			headers: {Authorization: by, 'Content-Type': 'application/json'}, body: JSON.stringify([{index: 9, type, data}])});
		const said = await answer.json();

		assert.equal(answer.status, 400, data);
		assert.equal(said.responseCode, 202);
		assert.match(said.message, why);
		assert.match(said.message, /^value 9 \(/);
	}
	assert.equal((await follow(name('bad'))).status, 404);
});
test('a prefix says where its identifiers lead, and that they do no longer', async () => {
	const home = `0.NA/${PREFIX}`;
	const write = async (method, body) => {
		const answer = await fetch(`${server.tls}/api/handles/${home}?index=${method === 'PUT' ? 'various' : '7'}`, {method,
			headers: {Authorization: by, 'Content-Type': 'application/json'}, body});

		assert.ok(answer.ok, await answer.text());
	};
	const namespace = (inside) => write('PUT', JSON.stringify([{index: 7, type: 'HS_NAMESPACE', ttl: 5,
		data: `<namespace>${inside}</namespace>`}]));

	await (await fetch(`${server.tls}/api/prefixes/0.NA/0.NA`, {method: 'POST', headers: {Authorization: by}})).text();
	await put(name('places'), [[1, '10320/loc', '<locations><location id="p" weight="0" href_template="https://p.example/{hdl:path}"/></locations>']]);
	await put(name('bare'), [[1, 'DESC', 'nothing']]);
	await namespace(`<locs>${name('places')}</locs>`);
	try {
		assert.equal((await follow(name('bare'))).location, `https://p.example/${name('bare')}`);
		assert.equal((await follow(name('host'))).location, 'https://example.org');
		assert.equal((await follow(`${name('host')}?locatt=id:p`)).location, `https://p.example/${name('host')}`);
		await namespace('<status>inactive</status><statusmsg>gone &lt;b&gt;</statusmsg>');
		const gone = await follow(name('url'));

		assert.equal(gone.status, 404);
		assert.match(gone.text, /gone &lt;b&gt;/);
	} finally {
		await write('DELETE');
	}
	assert.equal((await follow(name('url'))).status, 302);
});
test('a template of the prefix answers for what nobody registered', async () => {
	const home = `0.NA/${PREFIX}`;
	const write = async (method, query, body) => (await fetch(`${server.tls}/api/handles/${home}?index=${query}`, {method,
		headers: {Authorization: by, 'Content-Type': 'application/json'}, body})).text();

	await put(name('base'), [[1, 'URL', 'https://example.org/item']]);
	await (await fetch(`${server.tls}/api/prefixes/0.NA/0.NA`, {method: 'POST', headers: {Authorization: by}})).text();
	await write('PUT', 'various', JSON.stringify([{index: 8, type: 'HS_NAMESPACE', data: '<namespace><template delimiter="@">' +
		'<foreach><if value="extension" test="matches" expression="page(\\d+)"><value data="${data}?page=$1"/></if>' +
		'<else><notfound/></else></foreach></template></namespace>'}]));
	try {
		assert.equal((await follow(`${name('base')}@page12`)).location, 'https://example.org/item?page=12');
		assert.equal((await follow(`${name('base')}@other`)).status, 404);
		assert.equal(JSON.parse((await follow(`api/handles/${name('base')}@page7`)).text).values[0].data.value,
			'https://example.org/item?page=7');
		assert.match((await follow(`${name('base')}@page7?noredirect`, {'Accept-Language': 'en'})).text, /a template of its prefix computes/);
	} finally {
		await write('DELETE', '8');
	}
	assert.equal((await follow(`${name('base')}@page12`)).status, 404);
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
