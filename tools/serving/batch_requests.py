#!/usr/bin/env python3
"""Writes requests for `pastkv batch`, in random order, whose prompts share prefixes of random tokens.

    batch_requests.py --requests 2000 --prefixes 20 --shared 1024 --own 16 --new 16 > requests.jsonl

With --salted no request reuses what another has computed, for comparison.
"""
import argparse
import json
import random


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default, what in (("requests", 2000, "number of requests"), ("prefixes", 20, "number of prefixes"),
                                ("shared", 1024, "tokens of a prefix"), ("own", 16, "tokens after it"),
                                ("new", 16, "tokens to generate"), ("vocabulary", 1000, "ids are below this"),
                                ("seed", 1, "of the random numbers")):
        parser.add_argument("--" + name, type=int, default=default, help=f"{what} (default {default})")
    parser.add_argument("--salted", action="store_true", help="give each request a cache salt of its own")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    tokens = lambda number: [rng.randrange(10, args.vocabulary) for _ in range(number)]
    prefixes = [tokens(args.shared) for _ in range(args.prefixes)]
    order = [request % args.prefixes for request in range(args.requests)]
    rng.shuffle(order)
    for number, prefix in enumerate(order):
        request = {"prompt": prefixes[prefix] + tokens(args.own), "max_tokens": args.new, "temperature": 0,
                   "ignore_eos": True}
        if args.salted:
            request["cache_salt"] = f"request {number}"
        print(json.dumps(request))


main()
