/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_names.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * One loader for every server that is compared: closed loop over UDP (sockets x window) or
 * TCP (connections x depth), or open loop at a fixed rate. Names are drawn uniformly, or each is
 * asked for once, in order, to the last. Every answer is checked; what is lost is counted. Server
 * CPU is read from the kernel's own account of its threads, before and after.
 *
 * Prints one JSON object.
 */
enum mode { MODE_HANDLE, MODE_DNS, MODE_ECHO };
enum {
	SOCKETS_MAX = 1024,
	WINDOW_MAX = 64,
	MESSAGE = 2048,
	LATENCIES = 1 << 20,
	LOST_NS = 200000000,
	LOST_IN_ORDER_NS = 2000000000, /* Answers that others are asked for take longer. */
	SLICES = 10
};

struct options {
	enum mode mode;
	bool is_tcp;
	bool is_in_order;
	struct bench_names handles;
	uint16_t port;
	unsigned sockets;
	unsigned window;
	uint64_t names;
	double seconds;
	double rate; /* Open loop: requests a second; 0: closed. */
	long pid;
};

static struct options options = {.sockets = 16,
	.window = 32,
	.names = 1000,
	.seconds = 1.5,
	.port = 2641,
	.handles = {.prefix = BENCH_PREFIX}};

struct conversation {
	int fd;
	unsigned in_flight;
	uint64_t last_ns;
	uint64_t sent_at[WINDOW_MAX]; /* By request id modulo the window; TCP: a ring. */
	size_t head, tail;
	size_t have;
	uint8_t in[65536];
};

static struct conversation *conversations;
static uint64_t seed = 88172645463325252u;
static uint64_t answered, wrong, lost, sent_count, answer_octets, next_name;
static uint64_t slice_ns[SLICES + 1]; /* When that many parts of the names were answered. */
static uint32_t *latencies;
static size_t latency_count;

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t
draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t
name_number(void)
{
	return options.is_in_order ? next_name++ : draw() % options.names;
}

static bool
all_were_asked(void)
{
	return options.is_in_order && next_name >= options.names;
}

/* Sum over the process's threads, in ns. */
static uint64_t
cpu_of(long pid)
{
	char path[64];
	uint64_t total = 0;
	DIR *tasks;
	struct dirent *task;

	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	tasks = opendir(path);
	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		char file[sizeof(path) + 300];
		FILE *stat;
		unsigned long long ns;

		if (task->d_name[0] == '.') {
			continue;
		}
		snprintf(file, sizeof(file), "%s/%s/schedstat", path, task->d_name);
		stat = fopen(file, "r");
		if (stat != NULL) {
			total += fscanf(stat, "%llu", &ns) == 1 ? ns : 0;
			fclose(stat);
		}
	}
	if (tasks != NULL) {
		closedir(tasks);
	}
	return total;
}

static void
put32(uint8_t *at, uint32_t number)
{
	at[0] = (uint8_t)(number >> 24);
	at[1] = (uint8_t)(number >> 16);
	at[2] = (uint8_t)(number >> 8);
	at[3] = (uint8_t)number;
}

static uint32_t
get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Envelope, header and body of a resolution of all public values (protocol 2.11). */
static size_t
make_handle(uint8_t *at, uint32_t id, bool is_kept)
{
	static const uint8_t envelope[4] = {2, 11, 2, 11};
	char name[BENCH_NAME_SIZE + 1];
	size_t body = 4 + BENCH_NAME_SIZE + 8;

	bench_name(name, name_number(), &options.handles);
	memset(at, 0, 44 + body + 4);
	memcpy(at, envelope, sizeof(envelope));
	put32(at + 8, id);
	put32(at + 16, (uint32_t)(24 + body + 4));
	put32(at + 20, 1);
	put32(at + 28, is_kept ? 0x1b000000u : 0x19000000u);
	at[32] = at[33] = 0xff;
	put32(at + 40, (uint32_t)body);
	put32(at + 44, BENCH_NAME_SIZE);
	memcpy(at + 48, name, BENCH_NAME_SIZE);
	return 44 + body + 4;
}

/* A TXT question for x<16 hex>.bench. */
static size_t
make_dns(uint8_t *at, uint32_t id)
{
	static const uint8_t tail[] = {5, 'b', 'e', 'n', 'c', 'h', 0, 0, 16, 0, 1};
	char label[20];

	snprintf(
		label, sizeof(label), "x%016llx", (unsigned long long)bench_scatter(name_number()));
	memset(at, 0, 12);
	at[0] = (uint8_t)(id >> 8);
	at[1] = (uint8_t)id;
	at[2] = 1; /* Recursion is desired. */
	at[5] = 1;
	at[12] = 17;
	memcpy(at + 13, label, 17);
	memcpy(at + 30, tail, sizeof(tail));
	return 30 + sizeof(tail);
}

static size_t
make_request(uint8_t *at, uint32_t id)
{
	return options.mode == MODE_DNS ? make_dns(at, id) : make_handle(at, id, options.is_tcp);
}

static uint32_t
answer_id(const uint8_t *at)
{
	return options.mode == MODE_DNS ? (uint32_t)at[0] << 8 | at[1] : get32(at + 8);
}

static bool
answer_is_right(const uint8_t *at, size_t size)
{
	switch (options.mode) {
	case MODE_HANDLE: /* Success, and three values. */
		return size > 290 && get32(at + 24) == 1 &&
			get32(at + 44 + 4 + BENCH_NAME_SIZE) == 3;
	case MODE_DNS: /* NOERROR, one answer. */
		return size > 200 && (at[3] & 15) == 0 && at[7] == 1;
	case MODE_ECHO:
		return size > 200;
	}
	return false;
}

static void
note_answer(uint64_t sent_ns, uint64_t at_ns, const uint8_t *octets, size_t size)
{
	answered++;
	if (options.is_in_order && answered * SLICES % options.names < SLICES) {
		slice_ns[answered * SLICES / options.names] = at_ns;
	}
	answer_octets += size;
	wrong += !answer_is_right(octets, size);
	if (latency_count < LATENCIES) {
		latencies[latency_count++] = (uint32_t)(at_ns - sent_ns);
	}
}

static void
open_all(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
	int one = 1;
	int size = 4 << 20;

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	for (unsigned i = 0; i < options.sockets; i++) {
		int fd = socket(
			AF_INET, (options.is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);

		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		if (options.is_tcp) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		}
		if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
			perror("connect");
			exit(1);
		}
		fcntl(fd, F_SETFL, O_NONBLOCK);
		conversations[i].fd = fd;
		conversations[i].last_ns = now_ns();
	}
}

/* UDP: ids are drawn so that id % window names the slot of the time stamp. */
static void
send_udp(struct conversation *one, unsigned count, uint64_t at_ns)
{
	static uint8_t octets[WINDOW_MAX][MESSAGE];
	struct iovec runs[WINDOW_MAX];
	struct mmsghdr messages[WINDOW_MAX];

	if (options.is_in_order && count > options.names - next_name) {
		count = (unsigned)(options.names - next_name);
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t id = (uint32_t)(one->head++);

		one->sent_at[id % WINDOW_MAX] = at_ns;
		runs[i] = (struct iovec){octets[i], make_request(octets[i], id & 0x7fff)};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &runs[i], .msg_iovlen = 1};
	}
	if (count > 0) {
		int sent = sendmmsg(one->fd, messages, count, 0);

		sent = sent < 0 ? 0 : sent;
		lost += options.is_in_order ? count - (unsigned)sent : 0;
		one->in_flight += (unsigned)sent;
		sent_count += (unsigned)sent;
		one->last_ns = at_ns;
	}
}

static void
receive_udp(struct conversation *one, uint64_t at_ns)
{
	static uint8_t octets[WINDOW_MAX][MESSAGE];
	static struct iovec runs[WINDOW_MAX];
	static struct mmsghdr messages[WINDOW_MAX];
	int count;

	for (unsigned i = 0; i < WINDOW_MAX; i++) {
		runs[i] = (struct iovec){octets[i], MESSAGE};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &runs[i], .msg_iovlen = 1};
	}
	count = recvmmsg(one->fd, messages, WINDOW_MAX, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++) {
		note_answer(one->sent_at[answer_id(octets[i]) % WINDOW_MAX], at_ns, octets[i],
			messages[i].msg_len);
		one->in_flight -= one->in_flight > 0;
		one->last_ns = at_ns;
	}
}

static void
send_tcp(struct conversation *one, unsigned count, uint64_t at_ns)
{
	static uint8_t octets[WINDOW_MAX * MESSAGE];
	size_t size = 0;

	for (unsigned i = 0; i < count; i++) {
		one->sent_at[one->head++ % WINDOW_MAX] = at_ns;
		size += make_request(octets + size, (uint32_t)one->head & 0x7fff);
	}
	if (size > 0 && send(one->fd, octets, size, MSG_NOSIGNAL) == (ssize_t)size) {
		one->in_flight += count;
		sent_count += count;
	}
}

static size_t
frame_size(const struct conversation *one, size_t at)
{
	return options.mode == MODE_ECHO ? 317
		: one->have - at < 20	 ? SIZE_MAX
					 : 20 + (size_t)get32(one->in + at + 16);
}

static void
receive_tcp(struct conversation *one, uint64_t at_ns)
{
	ssize_t got = recv(one->fd, one->in + one->have, sizeof(one->in) - one->have, MSG_DONTWAIT);
	size_t at = 0;

	if (got == 0 || (got < 0 && errno != EAGAIN)) {
		fprintf(stderr, "the server closed a connection\n");
		exit(1);
	}
	one->have += got > 0 ? (size_t)got : 0;
	while (frame_size(one, at) <= one->have - at) {
		size_t size = frame_size(one, at);

		note_answer(one->sent_at[one->tail++ % WINDOW_MAX], at_ns, one->in + at, size);
		one->in_flight -= one->in_flight > 0;
		at += size;
	}
	memmove(one->in, one->in + at, one->have - at);
	one->have -= at;
}

static bool
all_were_answered(void)
{
	return all_were_asked() && answered + lost >= options.names;
}

static void
run_closed(uint64_t end_ns)
{
	uint64_t lost_ns = options.is_in_order ? LOST_IN_ORDER_NS : LOST_NS;

	struct pollfd *fds = calloc(options.sockets, sizeof(*fds));

	for (unsigned i = 0; i < options.sockets; i++) {
		fds[i] = (struct pollfd){conversations[i].fd, POLLIN, 0};
	}
	for (uint64_t at_ns = now_ns(); at_ns < end_ns && !all_were_answered(); at_ns = now_ns()) {
		for (unsigned i = 0; i < options.sockets; i++) {
			struct conversation *one = &conversations[i];

			if (!options.is_tcp && one->in_flight > 0 &&
				at_ns > one->last_ns + lost_ns) {
				lost += one->in_flight;
				one->in_flight = 0;
			}
			/* Half a window at a time keeps the batches of both sides large. */
			if (one->in_flight <= options.window / 2) {
				(options.is_tcp ? send_tcp : send_udp)(
					one, options.window - one->in_flight, at_ns);
			}
		}
		poll(fds, options.sockets, 10);
		at_ns = now_ns();
		for (unsigned i = 0; i < options.sockets; i++) {
			if (fds[i].revents != 0) {
				(options.is_tcp ? receive_tcp : receive_udp)(
					&conversations[i], at_ns);
			}
		}
	}
	free(fds);
}

static void
run_open(uint64_t begin_ns, uint64_t end_ns)
{
	for (uint64_t at_ns = begin_ns; at_ns < end_ns; at_ns = now_ns()) {
		uint64_t due = (uint64_t)((double)(at_ns - begin_ns) * options.rate / 1e9);

		for (unsigned i = 0; i < options.sockets; i++) {
			uint64_t behind = due > sent_count ? due - sent_count : 0;

			send_udp(&conversations[i],
				(unsigned)(behind < options.window ? behind : options.window),
				at_ns);
			receive_udp(&conversations[i], at_ns);
		}
	}
}

static int
by_size(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one;
	uint32_t b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

static void
take_options(int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "m:p:s:w:n:t:r:P:x:TSO")) != -1) {
		switch (letter) {
		case 'm':
			options.mode = strcmp(optarg, "dns") == 0 ? MODE_DNS
				: strcmp(optarg, "echo") == 0	  ? MODE_ECHO
								  : MODE_HANDLE;
			break;
		case 'p':
			options.port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			options.sockets = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			options.window = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			options.names = strtoull(optarg, NULL, 10);
			break;
		case 't':
			options.seconds = strtod(optarg, NULL);
			break;
		case 'r':
			options.rate = strtod(optarg, NULL);
			break;
		case 'P':
			options.pid = strtol(optarg, NULL, 10);
			break;
		case 'T':
			options.is_tcp = true;
			break;
		case 'S':
			options.handles.is_scattered = 1;
			break;
		case 'O':
			options.is_in_order = true;
			break;
		case 'x':
			options.handles.prefix = (unsigned)strtoul(optarg, NULL, 10);
			break;
		default:
			fprintf(stderr,
				"usage: bench_load -m handle|dns|echo -p PORT [-T] [-s SOCKETS] "
				"[-w WINDOW]\n  [-n NAMES] [-S scattered] [-O each once, in order, "
				"UDP] [-x PREFIX-DIGIT]\n  [-t SECONDS] [-r RATE] [-P "
				"SERVER-PID]\n");
			exit(2);
		}
	}
	if (options.sockets == 0 || options.sockets > SOCKETS_MAX || options.window == 0 ||
		options.window > WINDOW_MAX || options.names == 0) {
		fprintf(stderr, "bench_load: 1-%d sockets, 1-%d in flight, 1 name or more\n",
			SOCKETS_MAX, WINDOW_MAX);
		exit(2);
	}
}

/* Answers a second in each tenth of the names, so that one sees whether they become fewer. */
static void
print_slices(uint64_t begin_ns)
{
	printf(",\"slices\":[");
	slice_ns[0] = begin_ns;
	for (size_t i = 1; i <= SLICES && slice_ns[i] > slice_ns[i - 1]; i++) {
		printf("%s%.0f", i == 1 ? "" : ",",
			(double)options.names / SLICES * 1e9 /
				(double)(slice_ns[i] - slice_ns[i - 1]));
	}
	printf("]");
}

int
main(int argc, char **argv)
{
	uint64_t begin_ns, begin_cpu, used_cpu, end_ns;
	double seconds;

	take_options(argc, argv);
	conversations = calloc(options.sockets, sizeof(*conversations));
	latencies = calloc(LATENCIES, sizeof(*latencies));
	seed ^= (uint64_t)getpid() << 32;
	open_all();
	begin_cpu = cpu_of(options.pid);
	begin_ns = now_ns();
	end_ns = begin_ns + (uint64_t)(options.seconds * 1e9);
	if (options.rate > 0) {
		run_open(begin_ns, end_ns);
	} else {
		run_closed(end_ns);
	}
	seconds = (double)(now_ns() - begin_ns) / 1e9;
	used_cpu = cpu_of(options.pid) - begin_cpu;
	qsort(latencies, latency_count, sizeof(*latencies), by_size);
	printf("{\"rate\":%.0f,\"answered\":%llu,\"sent\":%llu,\"wrong\":%llu,\"lost\":%llu,"
	       "\"answer_size\":%.1f,\"cpu_ns\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f",
		(double)answered / seconds, (unsigned long long)answered,
		(unsigned long long)sent_count, (unsigned long long)wrong, (unsigned long long)lost,
		answered > 0 ? (double)answer_octets / (double)answered : 0.0,
		answered > 0 ? (double)used_cpu / (double)answered : 0.0,
		latency_count > 0 ? latencies[latency_count / 2] / 1e3 : 0.0,
		latency_count > 0 ? latencies[latency_count * 99 / 100] / 1e3 : 0.0);
	if (options.is_in_order) {
		print_slices(begin_ns);
	}
	printf("}\n");
	return answered > 0 && wrong == 0 ? 0 : 1;
}
