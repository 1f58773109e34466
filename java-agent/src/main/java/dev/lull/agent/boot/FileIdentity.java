package dev.lull.agent.boot;

import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Which file, and which version of it, wherever its path leads from: device, inode, length, and the times of its last
 * change of content and of inode. Whoever changes a file changes its {@code ctime}, which no call can set.
 */
record FileIdentity(long device, long inode, long sizeBytes, long mtimeNanos, long ctimeNanos) {

    /** What {@link #of} needs, by the names the {@code unix} attribute view gives the fields of {@code stat(2)}. */
    static final String ATTRIBUTES = "unix:dev,ino,size,lastModifiedTime,ctime,isRegularFile,isDirectory";

    /** The identity in what {@code Files.readAttributes(path, ATTRIBUTES)} returned. */
    static FileIdentity of(Map<String, Object> status) {
        return new FileIdentity(
                number(status, "dev"),
                number(status, "ino"),
                number(status, "size"),
                nanos(status, "lastModifiedTime"),
                nanos(status, "ctime"));
    }

    private static long number(Map<String, Object> status, String attribute) {
        return status.get(attribute) instanceof Number number ? number.longValue() : 0;
    }

    private static long nanos(Map<String, Object> status, String attribute) {
        return status.get(attribute) instanceof FileTime time ? time.to(TimeUnit.NANOSECONDS) : 0;
    }
}
