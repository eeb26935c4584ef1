package io.github.pastkv.kernels;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Pages allocated directly from the system. They are zero and take no memory until touched, whereas an arena writes
 * every byte first, on one thread. In one measurement weights in huge pages were read 1.3 times as fast.
 */
@SuppressWarnings("restricted") // used only where this module has native access
public final class NativeMemory {
    // Constants of Linux' mman.h.
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int ADVISE_HUGE_PAGES = 14;
    private static final int ADVISE_SMALL_PAGES = 15;
    private static final long HUGE_PAGE_BYTES = 2 << 20;
    /** Smaller pieces come from the arena, as a process may have some ten thousand mappings. */
    private static final long MIN_BYTES = 256 << 10;
    private static final long FAILED = -1;
    private static final long ALIGNMENT = 64;

    private static final boolean IS_LINUX =
            System.getProperty("os.name").equals("Linux") && NativeMemory.class.getModule().isNativeAccessEnabled();

    private NativeMemory() {}

    /** The functions of the C library; looked up only where they are used. */
    private static final class Functions {
        static final MethodHandle MMAP =
                handle("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
        static final MethodHandle MUNMAP = handle("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
        static final MethodHandle MADVISE = handle("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

        private static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
            Linker linker = Linker.nativeLinker();
            MemorySegment function = linker.defaultLookup().find(name)
                    .orElseThrow(() -> new UnsupportedOperationException("the C library has no " + name));
            return linker.downcallHandle(function, FunctionDescriptor.of(result, arguments));
        }
    }

    /**
     * Zeros, given back with {@code arena}; large pieces lie in huge pages where the system has them. Memory of the
     * arena itself for small pieces, and where this is not Linux or this module has no native access
     * ({@code --enable-native-access}).
     *
     * @throws OutOfMemoryError when there are none
     */
    public static MemorySegment allocate(long bytes, Arena arena) {
        return allocate(bytes, bytes >= HUGE_PAGE_BYTES, arena);
    }

    /** The same in small pages, for memory of which little is touched: a huge page is zeroed whole. */
    public static MemorySegment allocateSparse(long bytes, Arena arena) {
        return allocate(bytes, false, arena);
    }

    private static MemorySegment allocate(long bytes, boolean isLarge, Arena arena) {
        long length = Math.max(bytes, 1);
        if (!IS_LINUX || length < MIN_BYTES) {
            return arena.allocate(length, ALIGNMENT);
        }
        try {
            long mapped = isLarge ? length + HUGE_PAGE_BYTES : length;
            long start = (long) Functions.MMAP.invokeExact(0L, mapped, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (start == FAILED) {
                throw new OutOfMemoryError(bytes + " bytes for packed weights");
            }
            long first = isLarge ? Math.ceilDiv(start, HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES : start;
            int advice = isLarge ? ADVISE_HUGE_PAGES : ADVISE_SMALL_PAGES;
            int _ = (int) Functions.MADVISE.invokeExact(first, length, advice);
            return MemorySegment.ofAddress(first).reinterpret(length, arena, _ -> unmap(start, mapped));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("mmap: " + e.getMessage(), e);
        }
    }

    private static void unmap(long start, long length) {
        try {
            int _ = (int) Functions.MUNMAP.invokeExact(start, length);
        } catch (Throwable e) {
            throw new IllegalStateException("munmap: " + e.getMessage(), e);
        }
    }
}
