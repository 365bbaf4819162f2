/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * LMDB trusts its file: a page number behind the end of the file becomes SIGBUS, a bad
 * node an assertion or a stray read. So everything LMDB could follow is looked at first,
 * on a mapping of our own whose every access is bounded by the file's length. Each page is
 * met at most once (a bitmap), so the work is bounded by the file's size.
 */
enum page_flags {
	PAGE_BRANCH = 0x01,
	PAGE_LEAF = 0x02,
	PAGE_OVERFLOW = 0x04,
	PAGE_META = 0x08,
};

enum node_flags {
	NODE_BIG_DATA = 0x01,
	NODE_SUB_DATA = 0x02,
};

enum tree_flags {
	TREE_INTEGER_KEY = 0x08,
	TREE_OF_FREE_PAGES_FLAGS = TREE_INTEGER_KEY | 0x4000 /* MDB_NOSUBDIR is kept here. */
};

static const uint32_t META_MAGIC = 0xbeefc0de;
static const uint64_t PAGE_NONE = UINT64_MAX;

struct tree {
	uint32_t pad;
	uint16_t flags;
	uint16_t depth;
	uint64_t branch_count, leaf_count, overflow_count, entry_count, root;
};

struct meta {
	uint32_t page_size;
	struct tree free_pages, tables;
	uint64_t last_page;
	uint64_t transaction;
};

struct check {
	const char *path;
	struct problem *problem;
	const uint8_t *at;
	uint64_t page_count; /* Whole pages in the file. */
	size_t page_size;
	struct meta meta;
	uint8_t *seen; /* One bit a page. */
};

/* What one node says, its bounds checked. */
struct node {
	struct bytes key;
	struct bytes data; /* Of a leaf; overflow runs resolved. */
	uint64_t child; /* Of a branch. */
	uint16_t flags;
	bool is_big;
};

/* The keys of a tree must rise; a branch's keys must stand between its children. */
struct order {
	struct bytes least;
	bool has_least;
	bool may_equal;
};

struct level {
	uint64_t page;
	unsigned index;
};

struct walk {
	struct check *check;
	const struct tree *tree;
	const char *name;
	bool has_integer_keys;
	bool (*visit)(struct walk *walk, const struct node *node);
	struct order order;
	struct tree counted;
	unsigned depth;
	struct level levels[STORE_TREE_DEPTH_MAX];
	struct tree *ret_tables;
	uint32_t tables_met;
};

static const char *const TABLE_NAMES[STORE_TABLE_COUNT] = {
	[STORE_META] = "meta",
	[STORE_HANDLES] = "handles",
	[STORE_PREFIXES] = "prefixes",
};

const char *
store_table_name(enum store_table table)
{
	return TABLE_NAMES[table];
}

static uint16_t
load_u16(const uint8_t *at)
{
	uint16_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

static uint32_t
load_u32(const uint8_t *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

static uint64_t
load_u64(const uint8_t *at)
{
	uint64_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

static bool
refuse(struct check *check, uint64_t page, const char *what)
{
	(void)problem_set(check->problem, STATUS_CORRUPT, "%s: page %llu: %s", check->path,
		(unsigned long long)page, problem_reason(what));
	return false;
}

static struct tree
tree_load(const uint8_t *at)
{
	return (struct tree){
		.pad = load_u32(at),
		.flags = load_u16(at + 4),
		.depth = load_u16(at + 6),
		.branch_count = load_u64(at + 8),
		.leaf_count = load_u64(at + 16),
		.overflow_count = load_u64(at + 24),
		.entry_count = load_u64(at + 32),
		.root = load_u64(at + 40),
	};
}

static const uint8_t *
page_at(const struct check *check, uint64_t page)
{
	return check->at + page * check->page_size;
}

/* Marks a run of pages as used by one owner. False if one lies outside or has an owner. */
static bool
pages_take(struct check *check, uint64_t first, uint64_t count)
{
	if (first < 2 || count == 0 || first > check->meta.last_page ||
		count > check->meta.last_page - first + 1) {
		return refuse(check, first, "page number out of range");
	}
	for (uint64_t page = first; page < first + count; page++) {
		uint8_t bit = (uint8_t)(1u << (page & 7));

		if ((check->seen[page >> 3] & bit) != 0) {
			return refuse(check, page, "used twice");
		}
		check->seen[page >> 3] |= bit;
	}
	return true;
}

static bool
pages_are_in_file(struct check *check, uint64_t first, uint64_t count)
{
	if (first >= check->page_count || count > check->page_count - first) {
		return refuse(check, first, "beyond the end of the file");
	}
	return true;
}

static size_t
even(size_t size)
{
	return (size + 1) & ~(size_t)1;
}

/* Size of the node at `offset`, or 0 if it does not fit in the page. */
static size_t
node_size(const struct check *check, const uint8_t *page, size_t offset, bool is_leaf)
{
	const uint8_t *at = page + offset;
	size_t room = check->page_size - offset;
	size_t node_max = (((check->page_size - STORE_PAGE_HEAD_SIZE) / 2) & ~(size_t)1) - 2;
	size_t size, data_size;

	if (room < STORE_NODE_HEAD_SIZE) {
		return 0;
	}
	size = STORE_NODE_HEAD_SIZE + (size_t)load_u16(at + 6);
	if (is_leaf) {
		data_size = (load_u16(at + 4) & NODE_BIG_DATA) != 0
			? sizeof(uint64_t)
			: load_u16(at) | (size_t)load_u16(at + 2) << 16;
		size += data_size;
	}
	return size > node_max || even(size) > room ? 0 : even(size);
}

/* Nodes must fill the page from `upper` to its end, each named by one offset. */
static bool
nodes_are_sound(struct check *check, uint64_t number, bool is_leaf)
{
	const uint8_t *page = page_at(check, number);
	size_t lower = load_u16(page + 12), upper = load_u16(page + 14), count, size;
	uint8_t starts[STORE_PAGE_SIZE_MAX / 16];

	if (lower < STORE_PAGE_HEAD_SIZE || (lower & 1) != 0 || (upper & 1) != 0 || lower > upper ||
		upper > check->page_size) {
		return refuse(check, number, "bounds of its free middle are wrong");
	}
	count = (lower - STORE_PAGE_HEAD_SIZE) / 2;
	memset(starts, 0, check->page_size / 16);
	for (size_t i = 0; i < count; i++) {
		size_t offset = load_u16(page + STORE_PAGE_HEAD_SIZE + 2 * i);
		uint8_t bit = (uint8_t)(1u << (offset >> 1 & 7));

		if (offset < upper || offset >= check->page_size || (offset & 1) != 0 ||
			(starts[offset >> 4] & bit) != 0) {
			return refuse(check, number, "node offset is wrong");
		}
		starts[offset >> 4] |= bit;
	}
	for (size_t offset = upper; offset < check->page_size; offset += size) {
		size = node_size(check, page, offset, is_leaf);
		if (size == 0 || count == 0 ||
			(starts[offset >> 4] & 1u << (offset >> 1 & 7)) == 0) {
			return refuse(check, number, "nodes do not fill the page");
		}
		count--;
	}
	return count == 0 ? true : refuse(check, number, "nodes overlap");
}

static unsigned
page_node_count(const struct check *check, uint64_t number)
{
	return (unsigned)(load_u16(page_at(check, number) + 12) - STORE_PAGE_HEAD_SIZE) / 2;
}

static bool
page_is_sound(struct walk *walk, uint64_t number, bool is_leaf)
{
	struct check *check = walk->check;
	const uint8_t *page;
	unsigned count;

	if (!pages_take(check, number, 1) || !pages_are_in_file(check, number, 1)) {
		return false;
	}
	page = page_at(check, number);
	if (load_u64(page) != number) {
		return refuse(check, number, "carries another page's number");
	}
	if (load_u16(page + 10) != (is_leaf ? PAGE_LEAF : PAGE_BRANCH)) {
		return refuse(check, number, "is of another kind than its depth asks for");
	}
	if (!nodes_are_sound(check, number, is_leaf)) {
		return false;
	}
	count = page_node_count(check, number);
	if (count < (is_leaf ? 1u : 2u)) {
		return refuse(check, number, "has too few nodes");
	}
	*(is_leaf ? &walk->counted.leaf_count : &walk->counted.branch_count) += 1;
	return true;
}

/* A run of overflow pages that holds `size` octets. */
static bool
overflow_is_sound(struct walk *walk, uint64_t number, size_t size, struct bytes *ret_data)
{
	struct check *check = walk->check;
	uint64_t needed = (STORE_PAGE_HEAD_SIZE - 1 + size) / check->page_size + 1;
	const uint8_t *page;
	uint64_t count;

	if (!pages_are_in_file(check, number, 1)) {
		return false;
	}
	page = page_at(check, number);
	count = load_u32(page + 12);
	if (load_u64(page) != number || load_u16(page + 10) != PAGE_OVERFLOW || count < needed) {
		return refuse(check, number, "is not the overflow run its owner means");
	}
	if (!pages_take(check, number, count) || !pages_are_in_file(check, number, count)) {
		return false;
	}
	walk->counted.overflow_count += count;
	*ret_data = bytes_over(page + STORE_PAGE_HEAD_SIZE, size);
	return true;
}

static struct node
node_load(const struct check *check, uint64_t number, unsigned index, bool is_leaf)
{
	const uint8_t *page = page_at(check, number);
	const uint8_t *at = page + load_u16(page + STORE_PAGE_HEAD_SIZE + 2 * (size_t)index);
	uint64_t low = load_u16(at) | (uint32_t)load_u16(at + 2) << 16;
	struct node node = {
		.key = bytes_over(at + STORE_NODE_HEAD_SIZE, load_u16(at + 6)),
		.flags = load_u16(at + 4),
	};

	if (is_leaf) {
		node.data = bytes_over(node.key.at + node.key.size, (size_t)low);
		node.is_big = (node.flags & NODE_BIG_DATA) != 0;
	} else {
		node.child = low | (uint64_t)node.flags << 32;
	}
	return node;
}

static int
keys_compare(const struct walk *walk, struct bytes one, struct bytes other)
{
	uint64_t first, second;

	if (!walk->has_integer_keys) {
		return bytes_compare(one, other);
	}
	first = load_u64(one.at);
	second = load_u64(other.at);
	return first < second ? -1 : first > second;
}

static bool
key_is_next(struct walk *walk, struct bytes key, uint64_t page, bool is_separator)
{
	struct order *order = &walk->order;
	int side;

	if (key.size == 0 || key.size > STORE_KEY_SIZE_MAX ||
		(walk->has_integer_keys && key.size != sizeof(uint64_t))) {
		return refuse(walk->check, page, "key of a size that cannot be");
	}
	if (order->has_least) {
		side = keys_compare(walk, key, order->least);
		if (side < 0 || (side == 0 && !order->may_equal)) {
			return refuse(walk->check, page, "keys out of order");
		}
	}
	*order = (struct order){key, true, is_separator};
	return true;
}

static bool
leaf_is_sound(struct walk *walk, uint64_t number)
{
	unsigned count;

	if (!page_is_sound(walk, number, true)) {
		return false;
	}
	count = page_node_count(walk->check, number);
	for (unsigned i = 0; i < count; i++) {
		struct node node = node_load(walk->check, number, i, true);

		if (!key_is_next(walk, node.key, number, false)) {
			return false;
		}
		if (node.is_big &&
			!overflow_is_sound(
				walk, load_u64(node.data.at), node.data.size, &node.data)) {
			return false;
		}
		walk->counted.entry_count++;
		if (!walk->visit(walk, &node)) {
			return false;
		}
	}
	return true;
}

/* Goes down from `page` by first children; ends in a leaf, whose nodes it visits. */
static bool
walk_down(struct walk *walk, uint64_t page)
{
	while (walk->depth + 1 < walk->tree->depth) {
		if (!page_is_sound(walk, page, false)) {
			return false;
		}
		walk->levels[walk->depth++] = (struct level){page, 0};
		page = node_load(walk->check, page, 0, false).child;
	}
	return leaf_is_sound(walk, page);
}

/* The next child to the right; false at the end or when it is refused (`ret_is_sound`). */
static bool
walk_right(struct walk *walk, bool *ret_is_sound)
{
	struct level *level;
	struct node node;

	while (walk->depth > 0) {
		level = &walk->levels[walk->depth - 1];
		if (++level->index < page_node_count(walk->check, level->page)) {
			node = node_load(walk->check, level->page, level->index, false);
			*ret_is_sound = key_is_next(walk, node.key, level->page, true) &&
				walk_down(walk, node.child);
			return *ret_is_sound;
		}
		walk->depth--;
	}
	return false;
}

static bool
tree_is_sound(struct walk *walk)
{
	const struct tree *tree = walk->tree;
	struct check *check = walk->check;
	bool is_sound = true;

	if (tree->root == PAGE_NONE) {
		if (tree->depth == 0 && tree->entry_count == 0 && tree->branch_count == 0 &&
			tree->leaf_count == 0 && tree->overflow_count == 0) {
			return true;
		}
		return refuse(check, 0, "a tree without root has pages");
	}
	if (tree->depth == 0 || tree->depth > STORE_TREE_DEPTH_MAX) {
		return refuse(check, tree->root, "depth of its tree is impossible");
	}
	is_sound = walk_down(walk, tree->root);
	while (is_sound && walk_right(walk, &is_sound)) {
	}
	if (!is_sound) {
		return false;
	}
	if (walk->counted.entry_count != tree->entry_count ||
		walk->counted.branch_count != tree->branch_count ||
		walk->counted.leaf_count != tree->leaf_count ||
		walk->counted.overflow_count != tree->overflow_count) {
		return refuse(check, tree->root, "its tree does not hold what it counts");
	}
	return true;
}

/* A table's values are its owner's; only their form is looked at here. */
static bool
visit_value(struct walk *walk, const struct node *node)
{
	if ((node->flags & ~(unsigned)NODE_BIG_DATA) != 0) {
		return refuse(walk->check, walk->tree->root, "node flags are unknown");
	}
	return true;
}

static bool
visit_table(struct walk *walk, const struct node *node)
{
	struct tree tree;

	if (node->flags != NODE_SUB_DATA || node->data.size != STORE_TREE_SIZE) {
		return refuse(walk->check, walk->tree->root, "holds something but tables");
	}
	tree = tree_load(node->data.at);
	if (tree.flags != 0 || tree.pad != 0) {
		return refuse(walk->check, walk->tree->root, "table of an unknown kind");
	}
	for (unsigned i = 0; i < STORE_TABLE_COUNT; i++) {
		if (bytes_equal(node->key, bytes_from_string(TABLE_NAMES[i]))) {
			walk->ret_tables[i] = tree;
			walk->tables_met |= 1u << i;
			return true;
		}
	}
	return refuse(walk->check, walk->tree->root, "table of an unknown name");
}

/* Free pages of one transaction: a count and that many page numbers, falling. */
static bool
visit_free_pages(struct walk *walk, const struct node *node)
{
	struct check *check = walk->check;
	uint64_t count, page, previous = UINT64_MAX;

	if (!visit_value(walk, node)) {
		return false;
	}
	if (node->data.size < sizeof(uint64_t) ||
		load_u64(node->key.at) > check->meta.transaction) {
		return refuse(check, walk->tree->root, "list of free pages is wrong");
	}
	count = load_u64(node->data.at);
	if (count > node->data.size / sizeof(uint64_t) - 1) {
		return refuse(check, walk->tree->root, "list of free pages counts too many");
	}
	for (uint64_t i = 1; i <= count; i++) {
		page = load_u64(node->data.at + i * sizeof(uint64_t));
		if (page >= previous) {
			return refuse(check, walk->tree->root, "free pages out of order");
		}
		if (!pages_take(check, page, 1)) {
			return false;
		}
		previous = page;
	}
	return true;
}

static bool
meta_load(struct check *check, uint64_t number, size_t page_size, struct meta *ret_meta)
{
	const uint8_t *at = check->at + number * page_size;
	const uint8_t *fields = at + STORE_PAGE_HEAD_SIZE;

	if (load_u64(at) != number || load_u16(at + 10) != PAGE_META ||
		load_u32(fields) != META_MAGIC || load_u32(fields + 4) != 1) {
		return refuse(check, number, "is no meta page of a store");
	}
	*ret_meta = (struct meta){
		.page_size = load_u32(fields + 24),
		.free_pages = tree_load(fields + 24),
		.tables = tree_load(fields + 24 + STORE_TREE_SIZE),
		.last_page = load_u64(fields + 24 + 2 * STORE_TREE_SIZE),
		.transaction = load_u64(fields + 32 + 2 * STORE_TREE_SIZE),
	};
	if (ret_meta->page_size != page_size ||
		ret_meta->free_pages.flags != TREE_OF_FREE_PAGES_FLAGS ||
		ret_meta->tables.flags != 0 || ret_meta->tables.pad != 0) {
		return refuse(check, number, "meta page of an unknown kind");
	}
	return true;
}

/* Picks the newer meta page, as LMDB does, and bounds what it says. */
static bool
metas_are_sound(struct check *check, uint64_t file_size)
{
	uint32_t page_size;
	struct meta metas[2];
	unsigned newer;

	if (file_size < 2 * STORE_PAGE_SIZE_MIN) {
		return refuse(check, 0, "the file is cut: no two meta pages");
	}
	page_size = load_u32(check->at + STORE_PAGE_HEAD_SIZE + 24);
	if (page_size < STORE_PAGE_SIZE_MIN || page_size > STORE_PAGE_SIZE_MAX ||
		(page_size & (page_size - 1)) != 0 || file_size < 2 * (uint64_t)page_size) {
		return refuse(check, 0, "page size is impossible");
	}
	check->page_size = page_size;
	check->page_count = file_size / page_size;
	if (!meta_load(check, 0, page_size, &metas[0]) ||
		!meta_load(check, 1, page_size, &metas[1])) {
		return false;
	}
	newer = metas[0].transaction < metas[1].transaction;
	check->meta = metas[newer];
	if (metas[newer].transaction - metas[!newer].transaction > 1 ||
		metas[newer].transaction > UINT64_MAX / 2 ||
		(metas[newer].transaction & 1) != newer) {
		return refuse(check, newer, "transaction numbers do not follow each other");
	}
	if (check->meta.last_page < 1 ||
		check->meta.last_page >= check->page_count + STORE_UNWRITTEN_PAGE_COUNT_MAX) {
		return refuse(check, newer, "the file is shorter than its last page says");
	}
	return true;
}

static bool
trees_are_sound(struct check *check)
{
	struct tree tables[STORE_TABLE_COUNT] = {{0}};
	struct walk names = {
		.check = check,
		.tree = &check->meta.tables,
		.visit = visit_table,
		.ret_tables = tables,
	};
	struct walk free_pages = {
		.check = check,
		.tree = &check->meta.free_pages,
		.has_integer_keys = true,
		.visit = visit_free_pages,
	};

	if (!tree_is_sound(&names)) {
		return false;
	}
	if (names.tables_met != (1u << STORE_TABLE_COUNT) - 1) {
		return refuse(check, check->meta.tables.root, "a table is missing");
	}
	for (unsigned i = 0; i < STORE_TABLE_COUNT; i++) {
		struct walk values = {
			.check = check,
			.tree = &tables[i],
			.visit = visit_value,
		};

		if (!tree_is_sound(&values)) {
			return false;
		}
	}
	return tree_is_sound(&free_pages);
}

static enum status
check_mapping(struct check *check, uint64_t file_size)
{
	enum status status = STATUS_CORRUPT;

	if (!metas_are_sound(check, file_size)) {
		return STATUS_CORRUPT;
	}
	check->seen = calloc(1, (size_t)(check->meta.last_page / 8 + 1));
	if (check->seen == NULL) {
		return problem_set(check->problem, STATUS_NO_MEMORY, "%s: %s", check->path,
			status_text(STATUS_NO_MEMORY));
	}
	if (trees_are_sound(check)) {
		status = STATUS_OK;
	}
	free(check->seen);
	return status;
}

enum status
store_check(const char *path, struct problem *problem)
{
	struct check check = {.path = path, .problem = problem};
	enum status status;
	struct stat file;
	void *at;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT) {
			return problem_set(problem, STATUS_NOT_FOUND, "%s: no such file", path);
		}
		return problem_system(problem, "cannot open %s", path);
	}
	if (fstat(fd, &file) != 0) {
		status = problem_system(problem, "cannot examine %s", path);
		goto done;
	}
	if (!S_ISREG(file.st_mode) || file.st_size <= 0) {
		status = problem_set(problem, STATUS_CORRUPT, "%s: is empty or no file", path);
		goto done;
	}
	at = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		status = problem_system(problem, "cannot map %s", path);
		goto done;
	}
	(void)madvise(at, (size_t)file.st_size, MADV_WILLNEED);
	check.at = at;
	status = check_mapping(&check, (uint64_t)file.st_size);
	munmap(at, (size_t)file.st_size);
done:
	close(fd);
	return status;
}
