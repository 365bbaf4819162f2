// SPDX-License-Identifier: Apache-2.0
// Linksets as RFC 9264, 4.2 and the GS1-Conformant Resolver standard have them, as a JSON Schema of our own. ajv judges if it
// is installed (tools/install_judges), else a reader of the few words of JSON Schema that it uses.
import {createRequire} from 'node:module';
import assert from 'node:assert/strict';

const words = {type: 'array', minItems: 1, items: {type: 'string', minLength: 1}};
export const LINKSET_SCHEMA = {
	type: 'object',
	required: ['linkset'],
	additionalProperties: false,
	properties: {
		linkset: {type: 'array', items: {
			type: 'object',
			required: ['anchor'],
			properties: {anchor: {type: 'string', minLength: 1, format: 'uri-reference'}},
			// A registered relation, or the URI of another.
			patternProperties: {'^([a-z][a-z0-9.-]*|[a-z][a-z0-9+.-]*:[^ "<>\\\\^`{|}]+)$': {oneOf: [
				{type: 'string'},
				{type: 'array', minItems: 1, items: {
					type: 'object',
					required: ['href', 'title'],
					additionalProperties: false,
					properties: {
						href: {type: 'string', minLength: 1, format: 'uri-reference'},
						title: {type: 'string', minLength: 1},
						type: {type: 'string', pattern: '^[^/ ]+/[^/ ]+$'},
						media: {type: 'string'},
						hreflang: words,
						context: words,
					},
				}}]}},
			additionalProperties: false,
		}},
	},
};

const GS1 = 'https://ref.gs1.org/voc/';
const require = createRequire(import.meta.url);
let judge = null;

try {
	const ajv = new (require('ajv').default)({allErrors: true, strict: false});

	require('ajv-formats').default(ajv);
	judge = ajv.compile(LINKSET_SCHEMA);
} catch (error) {
	if (error.code !== 'MODULE_NOT_FOUND') {
		throw error;
	}
}

function read(schema, value, where) {
	const fail = (why) => assert.fail(`${where}: ${why}: ${JSON.stringify(value)}`);

	if (schema.oneOf) {
		const fits = schema.oneOf.filter((one) => {
			try {
				read(one, value, where);
				return true;
			} catch {
				return false;
			}
		});

		return fits.length === 1 || fail('fits none or several');
	}
	if (schema.type === 'string') {
		return (typeof value === 'string' && value.length >= (schema.minLength ?? 0) &&
			(!schema.pattern || new RegExp(schema.pattern).test(value))) || fail('is no such text');
	}
	if (schema.type === 'array') {
		if (!Array.isArray(value) || value.length < (schema.minItems ?? 0)) {
			fail('is no such array');
		}
		return value.forEach((item, i) => read(schema.items, item, `${where}[${i}]`));
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		fail('is no object');
	}
	for (const name of schema.required ?? []) {
		assert.ok(name in value, `${where}: ${name} is missing`);
	}
	for (const [name, member] of Object.entries(value)) {
		const pattern = Object.keys(schema.patternProperties ?? {}).find((text) => new RegExp(text).test(name));
		const own = schema.properties?.[name] ?? schema.patternProperties?.[pattern];

		if (own) {
			read(own, member, `${where}.${name}`);
		} else if (schema.additionalProperties === false) {
			fail(`has ${name}`);
		}
	}
	return true;
}

// Throws with what is wrong. `anchor` alone is a text; each default link is one, and says nothing of itself.
export function linksetCheck(linkset) {
	if (judge !== null) {
		assert.ok(judge(linkset), JSON.stringify(judge.errors));
	}
	read(LINKSET_SCHEMA, linkset, 'linkset');
	for (const context of linkset.linkset) {
		const defaults = context[`${GS1}defaultLink`];

		if (defaults !== undefined) {
			assert.equal(defaults.length, 1);
			assert.deepEqual(Object.keys(defaults[0]).sort(), ['href', 'title']);
		}
	}
}
