# shellcheck shell=bash disable=SC2154 # java_home is the caller's
# How a Java runtime of Lull's own is made, that of a checkout (./lull) and that of the package (build), and how the package
# runs before it is installed.

# Of the JDK, the modules that Lull requires.
link_runtime() { # link_runtime OUTPUT MODULE_PATH [JLINK_OPTION]...
    local output=$1 path=$2 modules
    shift 2
    modules=$("$java_home/bin/java" --show-module-resolution --dry-run -p "$path" \
        -m dev.lull.agent/dev.lull.agent.cli.Main |
        sed -nE '/^(java|jdk)\./d; s|^.* requires .* jrt:/(.*)$|\1|p' | sort -u)
    modules=java.base${modules:+,${modules//$'\n'/,}}
    rm -rf "$output"
    "$java_home/bin/jlink" --add-modules "$modules" --no-header-files --no-man-pages "$@" --output "$output"
}

# JDK 25 compiles into an AOT cache those forms of method handle that its runtime's class list names, and would compile
# all others at every start. So the list gets those that a run tells of that has
# -Djava.lang.invoke.MethodHandle.TRACE_RESOLVE=true.
handle_forms() {
    sed -nE 's/^(\[(LF|SPECIES)_RESOLVE\] .*) \([a-z]+\)$/@lambda-form-invoker \1/p' | sort -u
}

# Runs a command for which the package lies where it will be installed, for an AOT cache knows its jars' paths. Nobody else
# sees it there.
with_tree() { # with_tree TREE COMMAND [ARGUMENT]...
    local tree=$1
    shift
    LOWER=$tree/usr/lib:/usr/lib unshare --mount sh -c '
        mount -t overlay -o lowerdir="$LOWER" lull /usr/lib && exec "$@"' sh "$@"
}
