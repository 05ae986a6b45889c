# shellcheck shell=bash
# What tools/run and tools/check share: Debian packages. Sourced by both, from the top of the repository.

# What builds weir. (git, python3 and the like are not needed for that.)
build_packages=(gcc libc6-dev cmake ninja-build)

# shellcheck disable=SC2034
# What tools/check --quick needs beside it, and what all of tools/check needs.
quick_packages=("${build_packages[@]}" ccache check clang-format python3 python3-h11 curl netcat-openbsd socat pkg-config)
# shellcheck disable=SC2034
full_packages=("${quick_packages[@]}" clang libclang-rt-dev llvm clang-tidy cppcheck valgrind gcovr strace patch chromium tidy wget aria2)

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        fail "needs root for \`$*\`, and there is no sudo"
    fi
}

# may_install PACKAGE...: says now what else would be lost among what apt says.
may_install() {
    [ "$(id -u)" -eq 0 ] || command -v sudo > /dev/null || fail "needs root, or sudo, to install Debian packages: $*"
}

# apt COMMAND...: what apt says is shown only where it fails.
apt() {
    local log
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$@" > "$log" 2>&1 < /dev/null; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

has_lists() { compgen -G '/var/lib/apt/lists/*_Packages*' > /dev/null; }

# Where Debian has llhttp as a library (13 and later), that is one more package. Debian 12 has its sources, which CMake fetches with the lists
# of apt (tools/cmake/llhttp.cmake).
llhttp_package() {
    if apt-cache show libllhttp-dev > /dev/null 2>&1; then
        echo libllhttp-dev
    fi
}

# install_missing PACKAGE...: installs those that are not there yet, and says which. New lists are fetched only where there are none, or where
# the ones that are there turn out to be too old.
install_missing() {
    command -v apt-get > /dev/null && command -v dpkg-query > /dev/null || return 0    # not Debian: CMake says what it misses
    if ! has_lists && [ ! -e /usr/share/llhttp/llhttp.c ] && [ ! -e /usr/include/llhttp.h ]; then
        may_install "$@"
        say "fetching the lists of Debian packages"
        apt update || fail "apt-get update failed"
    fi
    local installed missing
    # shellcheck disable=SC2046
    set -- "$@" $(llhttp_package)
    installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2> /dev/null | sed -n 's/^.i //p')
    missing=$(printf '%s\n' "$@" | grep -vxF "${installed:-none}" | paste -sd ' ')
    [ -n "$missing" ] || return 0
    may_install "$missing"
    say "installing Debian packages: $missing"
    # shellcheck disable=SC2086
    apt --no-install-recommends -y install $missing 2> /dev/null ||
        { apt update && apt --no-install-recommends -y install $missing; } ||
        fail "could not install: $missing"
}
