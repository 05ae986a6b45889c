# shellcheck shell=bash disable=SC2154
# The mechanics of tools/check: how a step runs, is counted and is shown, and how a build is made. Sourced by it; the list of steps is there.

passed=0
failed=0
declare -A broken=()    # builds that failed: what needs them cannot run

# step NAME COMMAND...: runs it, counts the checks in its output, and shows one line; where it fails, what it said. Sets `ok` to yes
# or no, and `log` to the file that holds what it said.
step() {
    local name=$1 status=0 begun=$SECONDS good bad skipped note
    shift
    ok=yes
    log=$logs/${name//[^a-zA-Z0-9+-]/_}.log
    [ -t 1 ] && printf '      …  %s' "$name"
    ("$@") > "$log" 2>&1 < /dev/null || status=$?
    read -r good bad skipped < <(awk -v status=$status -f tools/lib-tally.awk "$log")
    passed=$((passed + good))
    failed=$((failed + bad))
    note="$good passed"
    [ "$bad" -eq 0 ] || note+=", $bad FAILED"
    [ "$skipped" -eq 0 ] || note+=", $skipped skipped"
    [ -t 1 ] && printf '\r\033[K'
    printf '%5d s  %-44s %s\n' $((SECONDS - begun)) "$name" "$note"
    if [ "$bad" -ne 0 ]; then
        say "------ $name: the end of $log"
        tail -n 150 "$log"
        say "------"
        ok=no
    fi
}

# step_in BUILD NAME COMMAND...: a step that needs a build. Where there is none, it counts as failed.
step_in() {
    if [ -n "${broken[$1]-}" ]; then
        printf '%5s    %-44s not run: there is no build %s\n' - "$2" "$1"
        failed=$((failed + 1))
        ok=no
    else
        step "${@:2}"
    fi
}

# [only=TARGET] build NAME CC TYPE OPTION...: configures and builds everything, or TARGET, in build/check/NAME.
build() {
    step "build: $1" configure_and_build "$@"
    [ $ok = yes ] || broken[$1]=yes
}

configure_and_build() {
    local folder=$out/$1 cc=$2 type=$3
    shift 3
    cmake -G Ninja -B "$folder" -DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE="$type" -DWEIR_LLHTTP_CACHE="$out/llhttp" "$@" &&
        ninja -C "$folder" -j "$jobs" -k 0 ${only:+"$only"}
}

# tests BUILD OPTION...: the tests of a build that ctest's options choose. On a busy machine one may take longer than it allows for: what fails
# has one more try, which its log shows.
tests() {
    ctest --test-dir "$out/$1" --verbose --no-tests=error --repeat until-pass:2 -j "$jobs" "${@:2}"
}

# has PATTERN...: is there any such file?
has() {
    compgen -G "$1" > /dev/null
}
