// SPDX-License-Identifier: Apache-2.0
// What /v1/openapi.json says is what the node does. The judge of the document is not ours (package.json).
import {PREFIX, serverStart} from './node.mjs';
import {assert, run, test} from './tap.mjs';

// The judges are not ours: without them their cases are left out (tools/install_judges).
const judge = async (module) => {
	try {
		return await import(module);
	} catch {
		return null;
	}
};
const {Validator} = await judge('@seriousme/openapi-schema-validator') ?? {};
const {default: Ajv} = await judge('ajv/dist/2020.js') ?? {};
const {default: addFormats} = await judge('ajv-formats') ?? {};
const judged = (name, isThere, ...rest) => test(isThere ? name : `${name} # SKIP the judge is not there`, isThere ? rest[0] : () => {});
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // The node signs its certificate itself.
process.removeAllListeners('warning');

const server = await serverStart({settings: 'search:\n  index: ["URL"]\n'});
const admin = 'Basic ' + Buffer.from(encodeURIComponent(server.user) + ':' + server.secret).toString('base64');
const answer = await fetch(`${server.url}/v1/openapi.json`);
const text = await answer.text();
const description = JSON.parse(text);
const METHODS = ['get', 'head', 'post', 'put', 'delete', 'options', 'patch'];
const operations = Object.entries(description.paths).flatMap(([path, item]) =>
	METHODS.filter((method) => item[method]).map((method) => ({path, method, ...item[method]})));

judged('the description is OpenAPI 3.1', Validator, async () => {
	const verdict = await new Validator().validate(JSON.parse(text));

	assert.deepEqual(verdict.errors, undefined);
	assert.equal(verdict.valid, true);
});
test('each place in a path is a parameter that must be there', () => {
	assert.equal(answer.headers.get('content-type'), 'application/json;charset=utf-8');
	assert.equal(description.openapi, '3.1.0');
	assert.ok(Object.keys(description.paths).length > 20);
	for (const [path, item] of Object.entries(description.paths)) {
		assert.match(path, /^(\/[\w.-]*|\/\{\w+\})+$/);
		for (const method of Object.keys(item)) {
			assert.ok(METHODS.includes(method), `${path} ${method}`);
			assert.deepEqual(item[method].parameters.filter((one) => one.in === 'path').map((one) => [one.name, one.required]),
				[...path.matchAll(/\{(\w+)\}/g)].map(([, place]) => [place, true]), `${method} ${path}`);
			assert.ok(item[method].parameters.every((one) => one.schema && one.description), `${method} ${path}`);
			assert.ok(item[method].requestBody === undefined || item[method].requestBody.required, `${method} ${path}`);
			assert.ok(item[method].responses['200'] && item[method].responses.default, `${method} ${path}`);
		}
	}
});
test('every reference leads to something', () => {
	for (const [, name] of text.matchAll(/"\$ref":\s*"#\/components\/schemas\/(\w+)"/g)) {
		assert.ok(description.components.schemas[name], name);
	}
});
judged('each schema is one that a validator of JSON Schema takes', Ajv && addFormats, async () => {
	const ajv = new Ajv({strict: true, allowUnionTypes: true, keywords: ['components']});

	addFormats(ajv);

	ajv.addSchema({$id: 'http://houji.test/', components: description.components}, undefined, false, false);
	for (const name of Object.keys(description.components.schemas)) {
		assert.equal(typeof ajv.compile({$ref: `http://houji.test/#/components/schemas/${name}`}), 'function', name);
	}
});
test('each path and method of it answers', async () => {
	const seen = new Set();

	for (const {path, method, security} of operations) {
		const url = server.tls + path.replace('{handle}', `${PREFIX}/NONE`).replace('{prefix}', `0.NA/${PREFIX}.x`);
		const needed = security.length > 0 && security.every((scheme) => Object.keys(scheme).length > 0);
		const controller = new AbortController();
		const reply = await fetch(url, {method: method.toUpperCase(), redirect: 'manual', signal: controller.signal,
			headers: {Authorization: admin, Accept: 'application/json'}});
		const body = reply.headers.get('content-type')?.includes('event-stream') ? '' : await reply.text();

		seen.add(`${method} ${path}`);
		assert.ok(![405, 501, 500].includes(reply.status), `${method} ${url}: ${reply.status} ${body}`);
		assert.doesNotMatch(body, /Unknown HTTP API endpoint/, `${method} ${url}`);
		if (needed) {
			const nobody = await fetch(url, {method: method.toUpperCase(), redirect: 'manual'});

			assert.ok([400, 401, 415].includes(nobody.status), `${method} ${url} for nobody: ${nobody.status}`);
		}
		controller.abort();
	}
	assert.ok(seen.has('get /api/handles/{handle}') && seen.has('get /v1/openapi.json'));
});
test('no other method answers on a path of it', async () => {
	for (const path of new Set(operations.map((operation) => operation.path))) {
		const url = server.tls + path.replace('{handle}', `${PREFIX}/NONE`).replace('{prefix}', `0.NA/${PREFIX}.x`);
		const allow = (await fetch(url, {method: 'OPTIONS'})).headers.get('allow').split(', ');
		const told = METHODS.filter((method) => description.paths[path][method]).map((method) => method.toUpperCase());

		assert.deepEqual([...allow].sort(), [...told, 'OPTIONS'].sort(), path);
	}
});
judged('answers are as their schemas say', Ajv, async () => {
	const ajv = new Ajv({strict: false, validateFormats: false});

	ajv.addSchema({$id: 'http://houji.test/', components: description.components}, undefined, false, false);
	for (const [path, url, status] of [['/api/handles/{handle}', `/api/handles/${PREFIX}/DEMO`, 200],
		['/api/handles/{handle}', `/api/handles/${PREFIX}/NONE`, 'default'], ['/api/site', '/api/site', 200],
		['/api/handles', `/api/handles?prefix=${PREFIX}`, 200], ['/v1/openapi.json', '/v1/openapi.json', 200]]) {
		const {schema} = description.paths[path].get.responses[status].content['application/json'];
		const told = await (await fetch(server.tls + url, {headers: {Authorization: admin}})).json();
		const validate = ajv.compile({$ref: 'http://houji.test/' + schema.$ref});

		assert.ok(validate(told), `${url}: ${JSON.stringify(validate.errors)}`);
	}
});

const code = await run();
await server.stop();
process.exit(code);
