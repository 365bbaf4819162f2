/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/*
 * What a walk costs that begins with nothing, beside the exchanges it is made of.
 *
 *     bench_walk ROUNDS CONTROL-SOCKET ADDRESS PORT HANDLE [ADDRESS PORT HANDLE[!]]...
 *
 * The first three words are the recursive node; the others are what it asks whom, one after the
 * other, on its way; `!` where it wants a signature. In each round its cache is emptied, each
 * exchange is made once, and then the question that takes the whole walk. One datagram each way,
 * one at a time. Prints one JSON object: medians in microseconds.
 */
enum { STEPS_MAX = 9, ROUNDS_MAX = 10000, DATAGRAM = 2048, HEAD_SIZE = 44, FRAGMENT_SIZE = 492 };

static const char drop[] = "{\"do\":\"cache-drop\",\"all\":true}\n";

struct step {
	int fd;
	uint8_t request[DATAGRAM];
	size_t size;
	double us[ROUNDS_MAX];
};

static struct step steps[STEPS_MAX];
static double sums[ROUNDS_MAX];

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
put32(uint8_t *at, uint32_t number)
{
	number = htonl(number);
	memcpy(at, &number, sizeof(number));
}

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Envelope, header and body of a resolution of all public values (protocol 2.11). */
static void
step_open(struct step *step, char **words)
{
	static const uint8_t version[4] = {2, 11, 2, 11};
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(words[1], NULL, 10))};
	struct timeval patience = {.tv_sec = 5};
	size_t name_size = strlen(words[2]);
	bool is_signed = name_size > 0 && words[2][name_size - 1] == '!';
	size_t body_size;

	name_size -= is_signed ? 1 : 0;
	body_size = 4 + name_size + 8;
	if (inet_pton(AF_INET, words[0], &address.sin_addr) != 1 ||
		HEAD_SIZE + body_size + 4 > sizeof(step->request)) {
		fail(words[0]);
	}
	step->size = HEAD_SIZE + body_size + 4;
	memcpy(step->request, version, sizeof(version));
	put32(step->request + 16, (uint32_t)(step->size - 20));
	put32(step->request + 20, 1);
	put32(step->request + 28, is_signed ? 0x59000000u : 0x19000000u);
	step->request[32] = step->request[33] = 0xff;
	put32(step->request + 40, (uint32_t)body_size);
	put32(step->request + HEAD_SIZE, (uint32_t)name_size);
	memcpy(step->request + HEAD_SIZE + 4, words[2], name_size);
	step->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (step->fd < 0 ||
		setsockopt(step->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
		connect(step->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		fail(words[0]);
	}
}

/* Time from question to answer; what is answered is success or a referral, or nothing is worth it.
 */
static double
step_ask(struct step *step)
{
	static uint32_t id;
	uint8_t answer[DATAGRAM], more[DATAGRAM];
	double begin;
	uint32_t code, size;
	ssize_t got;

	put32(step->request + 8, ++id);
	begin = now_us();
	if (send(step->fd, step->request, step->size, 0) < 0 ||
		recv(step->fd, answer, sizeof(answer), 0) < HEAD_SIZE) {
		fail("no answer");
	}
	memcpy(&size, answer + 16, sizeof(size));
	got = FRAGMENT_SIZE;
	/* The rest of an answer that one datagram does not hold. */
	for (size = ntohl(size); (uint32_t)got < size; got += FRAGMENT_SIZE) {
		if (recv(step->fd, more, sizeof(more), 0) < 0) {
			fail("no rest of an answer");
		}
	}
	begin = now_us() - begin;
	memcpy(&code, answer + 24, sizeof(code));
	code = ntohl(code);
	if (code != 1 && code != 302 && code != 303) {
		fprintf(stderr, "bench_walk: step %zu: answer %u\n", (size_t)(step - steps), code);
		exit(1);
	}
	return begin;
}

/* All that the recursive node knows is forgotten. */
static void
cache_drop_all(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char answer[512];

	if (strlen(path) >= sizeof(address.sun_path)) {
		fail(path);
	}
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		write(fd, drop, sizeof(drop) - 1) < 0 || shutdown(fd, SHUT_WR) != 0 ||
		read(fd, answer, sizeof(answer)) <= 0) {
		fail(path);
	}
	close(fd);
}

static int
by_size(const void *one, const void *other)
{
	double a = *(const double *)one;
	double b = *(const double *)other;

	return a < b ? -1 : a > b;
}

static double
part_of(double *numbers, size_t count, size_t percent)
{
	qsort(numbers, count, sizeof(*numbers), by_size);
	return numbers[count * percent / 100];
}

int
main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	size_t count = argc > 3 ? (size_t)(argc - 3) / 3 : 0;

	if (rounds == 0 || rounds > ROUNDS_MAX || count < 2 || count > STEPS_MAX ||
		(argc - 3) % 3 != 0) {
		fprintf(stderr,
			"usage: bench_walk ROUNDS CONTROL-SOCKET ADDRESS PORT HANDLE "
			"[ADDRESS PORT HANDLE[!]]...\n");
		return 2;
	}
	for (size_t i = 0; i < count; i++) {
		step_open(&steps[i], argv + 3 + 3 * i);
	}
	for (size_t round = 0; round < rounds; round++) {
		cache_drop_all(argv[2]);
		for (size_t i = 1; i < count; i++) {
			steps[i].us[round] = step_ask(&steps[i]);
			sums[round] += steps[i].us[round];
		}
		steps[0].us[round] = step_ask(&steps[0]);
	}
	printf("{\"exchanges_us\":[");
	for (size_t i = 1; i < count; i++) {
		printf("%s%.1f", i == 1 ? "" : ",", part_of(steps[i].us, rounds, 50));
	}
	printf("],\"sum_us\":%.1f,", part_of(sums, rounds, 50));
	printf("\"walk_us\":%.1f,\"walk_p90_us\":%.1f}\n", part_of(steps[0].us, rounds, 50),
		part_of(steps[0].us, rounds, 90));
	return 0;
}
