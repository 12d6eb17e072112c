/* OpenDMARC's library as a witness. Arguments: list of suffixes, port of the name server at 127.0.0.1.
 * A line of input is a case, its words separated by tabs: the author's domain; the outcome of SPF and its domain; then
 * outcome and domain of each signature. Outcomes: 0 none, 1 pass, 2 fail, 3 later. A line of output is the answer:
 * what the query said; the policy that applies (19 is p, 20 is sp); what is to be done; the record's domain; its p, sp
 * and pct; the alignments of SPF and DKIM (4 is aligned). */
#include <arpa/inet.h>
#include <opendmarc/dmarc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static u_char *word(char **rest)
{
	char *next = strsep(rest, "\t");
	return (u_char *)(next == NULL ? "" : next);
}

static void answer(char *line)
{
	u_char client[] = "192.0.2.1", used[1024] = "";
	int p = 0, sp = 0, pct = -1, spf = 0, dkim = 0, query, enforce;
	u_char *author = word(&line), *outcome = word(&line), *domain = word(&line);
	DMARC_POLICY_T *ctx = opendmarc_policy_connect_init(client, DMARC_POLICY_IP_TYPE_IPV4);

	opendmarc_policy_store_from_domain(ctx, author);
	if (*domain != '\0')
		opendmarc_policy_store_spf(ctx, domain, atoi((char *)outcome), DMARC_POLICY_SPF_ORIGIN_MAILFROM, NULL);
	while (line != NULL && *line != '\0') {
		outcome = word(&line);
		domain = word(&line);
		opendmarc_policy_store_dkim(ctx, domain, (u_char *)"sel", atoi((char *)outcome), NULL);
	}
	query = opendmarc_policy_query_dmarc(ctx, author);
	enforce = opendmarc_get_policy_to_enforce(ctx);
	opendmarc_policy_fetch_utilized_domain(ctx, used, sizeof used);
	opendmarc_policy_fetch_p(ctx, &p);
	opendmarc_policy_fetch_sp(ctx, &sp);
	opendmarc_policy_fetch_pct(ctx, &pct);
	opendmarc_policy_fetch_alignment(ctx, &dkim, &spf);
	printf("%d\t%d\t%d\t%s\t%c\t%c\t%d\t%d\t%d\n", query, opendmarc_get_policy_token_used(ctx), enforce, used,
	    p == 0 ? '-' : p, sp == 0 ? '-' : sp, pct, spf, dkim);
	fflush(stdout);
	opendmarc_policy_connect_shutdown(ctx);
}

int main(int argc, char **argv)
{
	OPENDMARC_LIB_T lib;
	char line[4096];

	if (argc != 3)
		return 2;
	memset(&lib, 0, sizeof lib);
	lib.tld_type = OPENDMARC_TLD_TYPE_MOZILLA;
	snprintf((char *)lib.tld_source_file, sizeof lib.tld_source_file, "%s", argv[1]);
	lib.nscount = 1;
	lib.nsaddr_list[0].sin_family = AF_INET;
	lib.nsaddr_list[0].sin_port = htons(atoi(argv[2]));
	lib.nsaddr_list[0].sin_addr.s_addr = inet_addr("127.0.0.1");
	if (opendmarc_policy_library_init(&lib) != DMARC_PARSE_OKAY)
		return 3;
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		answer(line);
	}
	return 0;
}
