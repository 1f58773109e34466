# shellcheck shell=bash
# What setup and lab share: the cache's layout and how to fail.

cache=${LULL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/lull}
here=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)
project=${here%/perf/lab}

lab_initrd=$cache/lab/initrd
guest_initrd=$cache/guest/initrd
debian_guest=$cache/guest/debian
quick_initrd=$cache/guest/quick
guest_tools=$cache/guest/tools
lab_kernel=$cache/kernels/generic
lab_emulator=$cache/lab/emulator

die() { # die STATUS MESSAGE
    printf '%s: %s\n' "${program:-lab}" "$2" >&2
    exit "$1"
}

# Everything the two initrds are made from; their stamp is this list's checksum.
initrd_sources=("$here/init" "$here"/systemd/* "$here/initrd" "$here/cpio.sh" "$project"/native/guest/{lab_agent,init}.c)

guest_sources=("$here/guest-image" "$here/cpio.sh")
quick_sources=("$here/guest/run" "$here/guest/quick" "$here/initrd" "$project"/native/guest/{tool,preload}/*
    "$project"/native/guest/linux/{Kbuild,*.[ch]})

initrd_stamp() {
    cat -- "${initrd_sources[@]}" "$lab_kernel/release" | cksum
}

guest_stamp() {
    cat -- "${guest_sources[@]}" | cksum
}

debian_is_ready() {
    [[ -e $debian_guest/stamp && $(<"$debian_guest/stamp") == "$(guest_stamp)" ]]
}

quick_stamp() {
    cat -- "${quick_sources[@]}" "$debian_guest/stamp" | cksum
}

# What the Debian guest's modules are built with; of use once it has been made.
guest_headers() {
    printf 'linux-headers-%s' "$(<"$debian_guest/release")"
}

emulator_stamp() {
    cat -- "$here/emulator" "$here/emulator.patch" | cksum
}

emulator_is_ready() {
    [[ -x $lab_emulator/qemu-system-x86_64 && -e $lab_emulator/stamp && $(<"$lab_emulator/stamp") == "$(emulator_stamp)" ]]
}

# The QEMU that emulates the lab: its own if it has been built, else Debian's.
emulator() {
    if [[ -x $lab_emulator/qemu-system-x86_64 ]]; then
        printf '%s' "$lab_emulator/qemu-system-x86_64"
    else
        printf 'qemu-system-x86_64'
    fi
}

guest_is_ready() {
    debian_is_ready && [[ -e $quick_initrd && -e $quick_initrd.stamp && $(<"$quick_initrd.stamp") == "$(quick_stamp)" ]]
}

lab_is_ready() {
    local flavour
    for flavour in generic cloud; do
        [[ -e $cache/kernels/$flavour/release ]] || return 1
    done
    [[ -e $lab_initrd && -e $guest_initrd && -e $cache/lab/stamp ]] || return 1
    [[ $(<"$cache/lab/stamp") == "$(initrd_stamp)" ]]
}
