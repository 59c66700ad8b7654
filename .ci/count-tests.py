"""Adds up the test counts in the output of `cargo nextest run` and `cargo test`."""

import re
import sys

passed = failed = skipped = 0
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    nextest = re.search(r"Summary \[.*?\] +[\d/]+ tests? run: (\d+) passed", line)
    if nextest:
        passed += int(nextest[1])
        failed += sum(int(count) for count in re.findall(r"(\d+) (?:failed|timed out)", line))
        skipped += sum(int(count) for count in re.findall(r"(\d+) skipped", line))
    cargo = re.match(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", line)
    if cargo:
        passed, failed, skipped = passed + int(cargo[1]), failed + int(cargo[2]), skipped + int(cargo[3])
print(f"unit: {passed} passed, {failed} failed, {skipped} skipped")
