/* Hashes once per line of standard input, and answers with the nanoseconds that it took. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(void) {
    unsigned char tag[32], salt[crypto_pwhash_argon2id_SALTBYTES] = "somesaltsomesalt";
    const char *password = "correct horse battery staple";
    struct timespec start, end;
    char line[64];
    if (sodium_init() < 0) return 1;
    while (fgets(line, sizeof line, stdin)) {
        clock_gettime(CLOCK_MONOTONIC, &start);
        if (crypto_pwhash_argon2id(tag, sizeof tag, password, strlen(password), salt, 2, 19456 * 1024,
                                   crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
            return 1;
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%lld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec);
        fflush(stdout);
    }
    return 0;
}
