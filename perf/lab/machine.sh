# shellcheck shell=bash disable=SC2154,SC2054 # the variables of parse_arguments (lab); QEMU's own commas
# One run of the lab's machine: its files, QEMU's command line, the streams, the exit status.

scratch='' qemu='' feeder='' terminal='' terminal_state='' readers=()

run_machine() {
    local base=${TMPDIR:-/tmp}
    [[ $base =~ ^/[A-Za-z0-9/._+-]*$ ]] || base=/tmp # L1 gets the path in its kernel command line
    sweep_leftovers "$base"
    scratch=$(mktemp -d "$base/lull-lab.$$.XXXXXX" 2>/dev/null) || die 125 "cannot make a directory in $base (full?)"
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    if [[ -t 0 && -t 1 ]]; then
        terminal=$(stty size)
        terminal_state=$(stty -g)
    fi
    write_request || die 125 "cannot write to $scratch (disk full?)"
    start_machine
    await_machine
}

# Directories of labs that were killed before they could clean up.
sweep_leftovers() { # sweep_leftovers BASE
    local directory pid
    for directory in "$1"/lull-lab.*; do
        pid=${directory#"$1"/lull-lab.}
        pid=${pid%%.*}
        [[ -O $directory && $pid =~ ^[0-9]+$ && ! -e /proc/$pid ]] || continue
        rm -rf -- "$directory"
    done
}

write_request() {
    # L1 would look for the targets of links among Debian's files.
    [[ -z $systemd ]] || { cache=$(cd -- "$cache" && pwd -P) && cd -P . || return 1; }
    export LULL_LAB=1 LULL_LAB_CLOCK=$clock LULL_CACHE=$cache
    printf '%s\0' "${command[@]}" >"$scratch/args" &&
        env -0 >"$scratch/env" &&
        printf '%s' "$PWD" >"$scratch/cwd" &&
        printf '%s' "$terminal" >"$scratch/terminal" &&
        printf '%s\n' "$lab_kernel/lib/modules" >"$scratch/modules" &&
        : >"$scratch/shares" &&
        { ((${#shares[@]} == 0)) || printf '%s\n' "${shares[@]}" >"$scratch/shares"; } &&
        { [[ -z $systemd ]] || printf '%s\n' "$project" "$cache" "$PWD" | sort >"$scratch/shown"; } &&
        { [[ -z $nvme ]] || truncate -s 1G "$scratch/nvme.img"; } &&
        : >"$scratch/control" && : >"$scratch/console" && : >"$scratch/stdout" && : >"$scratch/stderr"
}

# vmlinux is entered directly (PVH): a bzImage would first have to unpack itself. Without XSAVE, because QEMU 7.2 does not
# pass a guest's XSETBV on to KVM, so an L2 that uses it loses registers; without LA57, because page walks are dear here.
build_qemu_command() { # sets arguments
    local append number slot directory
    append="console=ttyS0 quiet panic=-1 rdinit=/init lull.request=$scratch"
    append+=" mitigations=off tsc=reliable no_timer_check nokaslr audit=0 cryptomgr.notests rodata=off swiotlb=noforce init_on_alloc=0"
    # Debian's firmware, for a QEMU from elsewhere too.
    arguments=(-L /usr/share/qemu -L /usr/share/seabios -L /usr/lib/ipxe/qemu
        -nodefaults -no-user-config -no-reboot -display none -monitor none
        -cpu 'max,+svm,-la57,-xsave,-avx,-avx2,-f16c,-pku' -m "$memory" -smp "$cpus"
        -kernel "$lab_kernel/vmlinux" -initrd "$lab_initrd"
        -fsdev 'local,id=root,path=/,security_model=none,readonly=on,multidevs=remap'
        -device 'virtio-9p-pci,fsdev=root,mount_tag=root'
        -chardev "file,id=console,path=$scratch/console" -serial chardev:console
        -device isa-debug-exit,iobase=0xf4
        -device virtio-serial-pci,ioeventfd=off)
    if [[ $clock == instructions ]]; then
        arguments+=(-M q35 -accel tcg -icount shift=2)
    else
        arguments+=(-M 'q35,kernel-irqchip=split' -accel "tcg,thread=$threads")
    fi
    [[ -z $poll ]] || append+=' idle=poll'
    if [[ -n $systemd ]]; then
        arguments+=(-drive "file=${debian_guest//,/,,}/disk.img,if=none,id=debian,format=raw,readonly=on")
        append+=' lull.systemd systemd.getty_auto=no systemd.crash_reboot=yes'
    fi
    if ((${#nics[@]})) || [[ -n $nvme ]]; then
        arguments+=(-device intel-iommu,intremap=on)
        append+=' intel_iommu=on'
    fi
    for number in "${!nics[@]}"; do
        slot=$((5 + number))
        arguments+=(-netdev "user,id=nic$number,restrict=on" -device "${nics[number]},netdev=nic$number,addr=$slot")
    done
    if [[ -n $nvme ]]; then
        arguments+=(-drive "file=$scratch/nvme.img,if=none,id=nvme,format=raw,cache=unsafe" -device nvme,drive=nvme,serial=lull-lab,addr=0x10)
    fi
    [[ -z $systemd ]] || arguments+=(-device virtio-blk-pci,drive=debian)
    for number in "${!shares[@]}"; do
        directory=${shares[number]//,/,,}
        arguments+=(-fsdev "local,id=share$number,path=$directory,security_model=none,multidevs=remap"
            -device "virtio-9p-pci,fsdev=share$number,mount_tag=share$number")
    done
    if [[ -n $terminal ]]; then
        # Ctrl-] (not Ctrl-A, which shells use) reaches QEMU: Ctrl-] x ends it.
        arguments+=(-chardev 'stdio,id=stdin,signal=off,mux=on' -echr 29 -device virtserialport,chardev=stdin,name=lull.stdin)
    else
        arguments+=(-chardev 'stdio,id=stdin,signal=off' -device virtserialport,chardev=stdin,name=lull.stdin
            -chardev "file,id=stdout,path=$scratch/stdout" -device virtserialport,chardev=stdout,name=lull.stdout
            -chardev "file,id=stderr,path=$scratch/stderr" -device virtserialport,chardev=stderr,name=lull.stderr)
    fi
    # The control port is the last: the agent relies on it (native/guest/lab_agent.c).
    arguments+=(-chardev "file,id=control,path=$scratch/control" -device virtserialport,chardev=control,name=lull.control)
    arguments+=(-append "$append" ${qemu_extra[@]+"${qemu_extra[@]}"})
}

# Whatever becomes of this shell, even kill -9, QEMU goes with it (setpriv --pdeathsig).
start_machine() {
    local arguments input=/dev/stdin output=/dev/stdout starter=(setpriv --pdeathsig KILL)
    ((timeout == 0)) || starter=(setpriv --pdeathsig TERM timeout --foreground -k 2 "$timeout" setpriv --pdeathsig KILL)
    build_qemu_command
    [[ -e /proc/self/fd/0 ]] || exec </dev/null
    if [[ -z $terminal ]]; then
        input=$scratch/stdin output=/dev/null
        mkfifo "$input"
        setpriv --pdeathsig KILL cat <&0 >"$input" 2>/dev/null &
        feeder=$!
    fi
    "${starter[@]}" "$(emulator)" "${arguments[@]}" <"$input" >"$output" 2>"$scratch/qemu.log" &
    qemu=$!
    # QEMU drops what it could not yet write when its machine ends, and makes its outputs non-blocking, which must not
    # befall the caller's. So it writes to files, which never block, and tail passes them on until QEMU is gone.
    [[ -n $terminal ]] || { follow stdout & readers+=($!); follow stderr >&2 & readers+=($!); }
    [[ -z $console ]] || { follow console >&2 & readers+=($!); }
}

follow() { # follow NAME
    exec setpriv --pdeathsig KILL tail -c +1 -s 0.05 --pid="$qemu" -f "$scratch/$1"
}

# Waits for QEMU, and for a reader of COMMAND's output that goes away early (`... | head -1`).
await_machine() {
    local ended='' status reader left
    while [[ $ended != "$qemu" ]]; do
        status=0
        wait -n -p ended "$qemu" "${readers[@]}" || status=$?
        left=()
        for reader in "${readers[@]}"; do
            [[ $reader == "$ended" ]] || left+=("$reader")
        done
        ((${#left[@]} == ${#readers[@]} || status == 0)) || exit "$status"
        readers=(${left[@]+"${left[@]}"})
    done
    qemu=''
    ((${#readers[@]} == 0)) || wait "${readers[@]}" || exit $?
    conclude "$status"
}

conclude() { # conclude QEMU_STATUS    exits with COMMAND's status, or says what went wrong
    local key value panic
    while read -r key value; do
        case $key in
            exit) exit "$value" ;;
            error) die 125 "L1 could not run the command: $value" ;;
        esac
    done <"$scratch/control"
    (($1 != 124)) || die 124 "no result after $timeout s (--timeout)"
    panic=$(grep -a -m 1 -o -E '(Kernel panic|lull-lab:).*' "$scratch/console" | tr -d '\r' || true)
    mv -f "$scratch/console" "$cache/lab/failed-console.log" 2>/dev/null || true
    [[ -z $panic ]] || die 125 "L1 failed: $panic (its console: $cache/lab/failed-console.log)"
    [[ ! -s $scratch/qemu.log ]] || die 125 "QEMU ended: $(tail -n 1 "$scratch/qemu.log")"
    die 125 "L1 ended before the command did (its console: $cache/lab/failed-console.log)"
}

clean_up() {
    local status=$? process
    trap - EXIT HUP INT TERM
    for process in $qemu $feeder ${readers[@]+"${readers[@]}"}; do
         kill "$process" 2>/dev/null || true
    done
    [[ -z $qemu ]] || wait "$qemu" 2>/dev/null || true
    [[ -z $terminal_state ]] || stty "$terminal_state" 2>/dev/null || true
    rm -rf -- "$scratch"
    exit "$status"
}
