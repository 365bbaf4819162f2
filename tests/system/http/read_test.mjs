// SPDX-License-Identifier: Apache-2.0
// What a client written for Handle.net's HTTP interface reads. Same expectations for every server:
//   HOUJI=build/release/src/program/houji node read_test.mjs
//   HTTP_URL=http://192.0.2.1:8000 HTTP_PREFIX=20.500.99999 node read_test.mjs    (records of node.mjs in place)
import {PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

const server = await serverStart();
const handles = `${server.url}/api/handles`;
const DEMO = `${PREFIX}/DEMO`;

async function ask(path, options) {
	const answer = await fetch(handles + path, options);

	return {status: answer.status, headers: answer.headers, text: await answer.text()};
}

async function expects(path, status, body) {
	const answer = await ask(path);

	assert.equal(answer.text, body);
	assert.equal(answer.status, status);
	assert.equal(answer.headers.get('content-type'), 'application/json;charset=utf-8');
}

const url = '{"index":1,"type":"URL","data":{"format":"string","value":"https://example.org/demo"},' +
	'"ttl":86400,"timestamp":"2023-11-14T22:13:20Z"}';
const email = '{"index":2,"type":"EMAIL","data":{"format":"string","value":"demo@example.org"},' +
	'"ttl":86400,"timestamp":"2023-11-14T22:13:20Z"}';

test('a value is told octet for octet', () =>
	expects(`/${DEMO}?type=URL`, 200, `{"responseCode":1,"handle":"${DEMO}","values":[${url}]}`));
test('indexes and types are joined', () =>
	expects(`/${DEMO}?type=URL&index=2`, 200,
		`{"responseCode":1,"handle":"${DEMO}","values":[${url},${email}]}`));
test('binary data is base64, an administrator an object', async () => {
	const {values} = JSON.parse((await ask(`/${DEMO}?index=4&index=100`)).text);

	assert.deepEqual(values.map((value) => value.data), [{format: 'base64', value: 'AAEC'},
		{format: 'admin', value: {handle: `0.NA/${PREFIX}`, index: 300, permissions: '111111111111'}}]);
});
test('a handle is echoed as it was spelled', () =>
	expects(`/${DEMO.toLowerCase()}?index=1`, 200,
		`{"responseCode":1,"handle":"${DEMO.toLowerCase()}","values":[${url}]}`));
test('values that nobody may see are left out', async () => {
	const {values} = JSON.parse((await ask(`/${DEMO}`)).text);

	assert.deepEqual(values.map((value) => value.index), [1, 2, 4, 100]);
});
test('no such value is 200 with code 200', () =>
	expects(`/${DEMO}?index=77`, 200, `{"responseCode":200,"values":[],"handle":"${DEMO}"}`));
test('no such handle is 404', () =>
	expects(`/${PREFIX}/NONE`, 404, `{"responseCode":100,"handle":"${PREFIX}/NONE"}`));
test('a prefix of others is 400', () =>
	expects('/99.9/NONE', 400,
		'{"responseCode":301,"message":"That prefix doesn\'t live here","handle":"99.9/NONE"}'));
test('no handle at all is 400', () =>
	expects('/', 400, '{"responseCode":102,"message":"Empty handle invalid"}'));
test('a wrong index is 400 with code 4', async () => {
	const answer = await ask(`/${DEMO}?index=x`);

	assert.equal(answer.status, 400);
	assert.equal(JSON.parse(answer.text).responseCode, 4);
});
test('who wants more than all may see must be known: 403 without TLS', () =>
	expects(`/${PREFIX}/PRIVATE?publicOnly=false`, 403,
		`{"responseCode":402,"handle":"${PREFIX}/PRIVATE"}`));
test('PATCH is unknown', async () => {
	const answer = await ask(`/${DEMO}`, {method: 'PATCH'});

	assert.equal(answer.status, 501);
	assert.equal(answer.text, '{"responseCode":4,"message":"Unknown method PATCH"}');
});
test('another endpoint is unknown', async () => {
	const answer = await fetch(`${server.url}/api/nope`);

	assert.equal(answer.status, 404);
	assert.equal(await answer.text(), '{"responseCode":4,"message":"Unknown HTTP API endpoint GET /api/nope"}');
});
test('pretty is indented by two', async () => {
	const answer = await ask(`/${DEMO}?index=1&pretty`);

	assert.ok(answer.text.startsWith('{\n  "responseCode": 1,\n'));
	assert.equal(JSON.stringify(JSON.parse(answer.text)),
		`{"responseCode":1,"handle":"${DEMO}","values":[${url}]}`);
});
test('a callback is called by a name that was made harmless', async () => {
	const answer = await ask(`/${PREFIX}/NONE?callback=a-b.c`);

	assert.equal(answer.headers.get('content-type'), 'application/javascript;charset=utf-8');
	assert.equal(answer.text, `a_b_c({"responseCode":100,"handle":"${PREFIX}/NONE"});`);
});
test('POST reads like GET', async () => {
	const answer = await ask(`/${DEMO}?index=1`, {method: 'POST'});

	assert.equal(answer.text, `{"responseCode":1,"handle":"${DEMO}","values":[${url}]}`);
});
test('a page of any origin may read, without credentials', async () => {
	const answer = await ask(`/${DEMO}`, {headers: {Origin: 'https://other.example'}});

	assert.equal(answer.headers.get('access-control-allow-origin'), 'https://other.example');
	assert.ok(answer.headers.get('access-control-expose-headers').startsWith('Content-Length'));
	assert.equal(answer.headers.get('access-control-allow-credentials'), null);
});
test('a preflight is answered', async () => {
	const answer = await ask(`/${DEMO}`, {method: 'OPTIONS', headers: {
		Origin: 'https://other.example', 'Access-Control-Request-Method': 'PUT'}});

	assert.equal(answer.status, 200);
	assert.equal(answer.headers.get('access-control-max-age'), '86400');
	assert.equal(answer.headers.get('access-control-allow-methods'), 'GET,POST,HEAD,PUT,DELETE');
	assert.equal(answer.headers.get('access-control-allow-headers'),
		'X-Requested-With,Authorization,Origin,Accept,Content-Type');
});
test('the site record names its servers', async () => {
	const {responseCode, site} = await (await fetch(`${server.url}/api/site`)).json();

	assert.equal(responseCode, 1);
	assert.ok(site.servers.length > 0 && site.servers[0].interfaces.length > 0);
});

if (process.env.HOUJI) {
	test('what did not change is not sent again', async () => {
		const first = await ask(`/${DEMO}`);
		const etag = first.headers.get('etag');
		const second = await ask(`/${DEMO}`, {headers: {'If-None-Match': `"x", W/${etag}`}});
		const other = await ask(`/${DEMO}?index=1`, {headers: {'If-None-Match': etag}});

		assert.equal(first.headers.get('cache-control'), 'public, max-age=86400');
		assert.equal(second.status, 304);
		assert.equal(second.text, '');
		assert.equal(other.status, 200);
	});
	// A date names no version while its second lasts, so it is told from the next one on.
	async function dated() {
		for (let i = 0; i < 1000; i++) {
			const at = (await ask(`/${DEMO}`)).headers.get('last-modified');

			if (at !== null) {
				return at;
			}
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		return null;
	}
	test('when the record changed last is told, and what did not change since is not sent again', async () => {
		const at = await dated();
		const other = (seconds) => new Date(Date.parse(at) + 1000 * seconds).toUTCString();
		const status = async (headers, method = 'GET') => (await ask(`/${DEMO}`, {method, headers})).status;
		const [day, number, month, year, time] = other(0).split(/[ ,]+/);
		const long = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'].find((one) => one.startsWith(day));

		assert.ok(Math.abs(Date.parse(at) - Date.now()) < 600000, at);
		assert.equal(await status({'If-Modified-Since': at}), 304);
		assert.equal(await status({'If-Modified-Since': at}, 'HEAD'), 304);
		assert.equal(await status({'If-Modified-Since': other(1)}), 304);
		assert.equal(await status({'If-Modified-Since': other(-1)}), 200);
		assert.equal(await status({'If-Modified-Since': `${long}, ${number}-${month}-${year.slice(2)} ${time} GMT`}), 304);
		assert.equal(await status({'If-Modified-Since': `${day} ${month} ${number.replace(/^0/, ' ')} ${time} ${year}`}), 304);
		assert.equal(await status({'If-Modified-Since': 'now'}), 200);
		assert.equal(await status({'If-Modified-Since': ''}), 200);
	});
	test('conditions come in their order', async () => {
		const at = await dated();
		const past = 'Tue, 14 Nov 2023 22:13:20 GMT';
		const etag = (await ask(`/${DEMO}`)).headers.get('etag');
		const status = async (headers) => (await ask(`/${DEMO}`, {headers})).status;

		// Without a tag of ours a date does not count, nor does it against one.
		assert.equal(await status({'If-None-Match': '"x"', 'If-Modified-Since': at}), 200);
		assert.equal(await status({'If-None-Match': etag, 'If-Modified-Since': past}), 304);
		assert.equal(await status({'If-None-Match': '*'}), 304);
		assert.equal(await status({'If-None-Match': `"a,${etag.slice(1)}`}), 200);
		assert.equal(await status({'If-Match': etag}), 200);
		assert.equal(await status({'If-Match': '*'}), 200);
		assert.equal(await status({'If-Match': `"x", ${etag}`, 'If-None-Match': etag}), 304);
		assert.equal(await status({'If-Match': `W/${etag}`}), 412);
		assert.equal(await status({'If-Match': '"x"', 'If-None-Match': etag}), 412);
		assert.equal(await status({'If-Unmodified-Since': past}), 412);
		assert.equal(await status({'If-Unmodified-Since': past, 'If-Match': etag}), 200);
		assert.equal(await status({'If-Unmodified-Since': at}), 200);
		assert.equal((await ask(`/${DEMO}`, {headers: {'If-Match': '"x"'}})).json?.responseCode ?? 201, 201);
	});
	test('a large answer is compressed for who asks for it', async () => {
		const encoding = async (accept, path = '/metrics', options = {}) => (await fetch(server.url + path,
			{headers: {'Accept-Encoding': accept}, ...options})).headers.get('content-encoding');
		const plain = await (await fetch(`${server.url}/metrics`, {headers: {'Accept-Encoding': 'identity'}})).text();
		const answer = await fetch(`${server.url}/metrics`, {headers: {'Accept-Encoding': 'gzip'}});

		assert.equal(answer.headers.get('content-encoding'), 'gzip');
		assert.match(answer.headers.get('vary'), /Accept-Encoding/);
		assert.ok(Number(answer.headers.get('content-length')) < plain.length / 2);
		assert.equal((await answer.text()).split('\n').length, plain.split('\n').length);
		for (const accept of ['br, gzip;q=0.5', '*', 'x-gzip', 'gzip; q=1']) {
			assert.equal(await encoding(accept), 'gzip', accept);
		}
		for (const accept of ['identity', 'br', 'gzip;q=0', '*;q=0', 'gzip;q=0.0, *', '']) {
			assert.equal(await encoding(accept), null, accept);
		}
		assert.equal(await encoding('gzip', '/healthz'), null);
		// What goes to somebody who says who they are may hold a secret.
		assert.equal(await encoding('gzip', '/metrics', {headers: {'Accept-Encoding': 'gzip', Authorization: 'Bearer none'}}), null);
		assert.equal(await encoding('gzip', '/metrics', {method: 'HEAD', headers: {'Accept-Encoding': 'gzip'}}), 'gzip');
	});
	test('a compressed answer is known again', async () => {
		const first = await fetch(`${server.url}/v1/openapi.json`, {headers: {'Accept-Encoding': 'gzip'}});
		const etag = first.headers.get('etag');

		if (etag !== null) {
			assert.match(etag, /^W\//);
			const second = await fetch(`${server.url}/v1/openapi.json`, {headers: {'If-None-Match': etag}});

			assert.equal(second.status, 304);
		}
	});
	test('answers are counted by what they say', async () => {
		const count = async (kind) => Number(new RegExp(`^houji_http_answers_${kind}_total (\\d+)$`, 'm').exec(
			await (await fetch(`${server.url}/metrics`)).text())[1]);
		const [done, refused] = [await count('2xx'), await count('4xx')];

		await ask(`/${DEMO}`);
		await ask(`/${PREFIX}/NONE`);
		assert.equal(await count('4xx'), refused + 1);
		assert.ok(await count('2xx') > done + 1);
	});
	test('a node is ready for questions and changes', async () => {
		for (const path of ['/readyz', '/readyz?changes']) {
			assert.equal((await fetch(server.url + path)).status, 200);
		}
	});
	test('metrics count what was asked', async () => {
		const count = async () => Number(/^houji_http_requests_total (\d+)$/m.exec(
			await (await fetch(`${server.url}/metrics`)).text())[1]);
		const before = await count();

		await ask(`/${DEMO}`);
		assert.equal(await count(), before + 2);
	});
}

const code = await run();
await server.stop();
process.exit(code);
