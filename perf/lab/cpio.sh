# shellcheck shell=bash
# What makes an initrd: kernel modules in the order to load them, and the archive. Uncompressed: the machine that unpacks
# it is slower than the one that reads it.

pack() { # pack DIRECTORY CPIO
    (cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0) >"$2"
}

add_modules() { # add_modules DIRECTORY KERNEL RELEASE MODULE...    fills DIRECTORY/modules; its file `order` names them
    local tree=$1 kernel=$2 release=$3 module file name
    shift 3
    mkdir -p "$tree/modules"
    # virtio_ring comes first: virtio uses it and modprobe does not know.
    for module in virtio_ring "$@"; do
        modprobe -d "$kernel" -S "$release" --show-depends "$module" || die 1 "the kernel $release has no module $module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
        name=${file##*/}
        name=${name%.ko*}.ko
        case $file in
            *.xz) xz -dc "$file" ;;
            *.zst) zstd -qdc "$file" ;;
            *) cat "$file" ;;
        esac >"$tree/modules/$name"
        # Checking a module's signature costs more than loading it; without symbols it is linked faster still.
        strip --strip-unneeded "$tree/modules/$name"
        printf '%s\n' "$name"
    done >"$tree/modules/order"
}
