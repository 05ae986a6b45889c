# Counts the checks in the log of one step, and prints "PASSED FAILED SKIPPED". `status` is the exit status of the step.
# It understands the summaries of libcheck and of whoever ends with `N passed, N failed`, by themselves or in the verbose log of ctest, where
# each line begins with the number of its test. What prints no summary counts as one.
function tally(key, good, bad) { passed[key] += good; failed[key] += bad; told[key] = 1 }

{
    line = $0
    key = "step"
    if (match(line, /^[0-9]+: /)) {
        key = substr(line, 1, RLENGTH - 2)
        line = substr(line, RLENGTH + 1)
    }
}
# ctest begins a test, maybe for the second time: only the last counts
match(line, /^ *Start +[0-9]+: /) {
    key = line
    sub(/^ *Start +/, "", key)
    sub(/:.*/, "", key)
    delete told[key]
    passed[key] = failed[key] = 0
    next
}
line ~ /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ {
    split(line, number, /[^0-9]+/)
    bad = number[3] + number[4]
    tally(key, number[2] - bad, bad)
}
line ~ /^[0-9]+ passed, [0-9]+ failed$/ { split(line, number, /[^0-9]+/); tally(key, number[1], number[2]) }
line ~ /, [0-9]+ skipped$/ { skipped += substr(line, match(line, /[0-9]+ skipped$/)) }

# ctest's verdict on a test: "  3/17 Test  #3: parser_slice ....   Passed    0.01 sec"
match(line, /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /) {
    key = line
    sub(/^[^#]*#/, "", key)
    sub(/:.*/, "", key)
    bad = line !~ / Passed /
    if (!told[key])
        tally(key, !bad, bad)
    else if (bad && !failed[key])    # its summary is good, and yet it ended badly
        tally(key, 0, 1)
}

END {
    for (key in told) {
        good += passed[key]
        wrong += failed[key]
        any = 1
    }
    if (!any && !status)
        good = 1
    if (status && !wrong)
        wrong = 1
    print good + 0, wrong + 0, skipped + 0
}
