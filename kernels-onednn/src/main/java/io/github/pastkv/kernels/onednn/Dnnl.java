package io.github.pastkv.kernels.onednn;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The functions of oneDNN's C interface that linear layers need (oneDNN 3.11, {@code dnnl.h}). Handles and pointers are
 * plain longs: a call allocates nothing, and the caller keeps the memory alive. A status other than success is an
 * {@code IllegalStateException} unless a method says otherwise.
 *
 * <p>Loading this class loads the library. Safe for any number of threads.
 */
final class Dnnl {
    // Constants of dnnl_types.h and dnnl_common_types.h.
    static final int BF16 = 2;
    static final int F32 = 3;
    static final int S8 = 5;
    static final int ANY = 1;
    static final int ARG_SRC = 1;
    static final int ARG_DST = 17;
    static final int ARG_WEIGHTS = 33;
    static final int ARG_BIAS = 41;
    static final int ARG_SCRATCHPAD = 80;
    static final int ARG_WEIGHT_SCALES = 4096 | ARG_WEIGHTS;
    static final int ISA_AVX512 = 0x27;
    static final int ISA_AVX512_BF16 = 0xe7;
    /** dnnl_exec_arg_t: an int, a hole, a pointer. */
    static final long EXEC_ARG_BYTES = 16;

    private static final int CPU = 1;
    private static final int IN_ORDER = 1;
    private static final int FPMATH_BF16 = 1;
    private static final int SCRATCHPAD_USER = 1;
    private static final int MASK_OF_OUTPUTS = 2;
    private static final int QUERY_IMPLEMENTATION = 8;
    private static final int QUERY_WEIGHTS = 131;
    private static final int QUERY_SCRATCHPAD = 136;

    private static final SymbolLookup SYMBOLS = OneDnnLibrary.load();

    private static final MethodHandle ENGINE_CREATE = status("dnnl_engine_create", JAVA_LONG, JAVA_INT, JAVA_LONG);
    private static final MethodHandle STREAM_CREATE = status("dnnl_stream_create", JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle VERSION = handle("dnnl_version", JAVA_LONG);
    private static final MethodHandle ISA = handle("dnnl_get_effective_cpu_isa", JAVA_INT);
    private static final MethodHandle MD_CREATE =
            status("dnnl_memory_desc_create_with_strides", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MD_CREATE_TAG =
            status("dnnl_memory_desc_create_with_tag", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle MD_CLONE = status("dnnl_memory_desc_clone", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MD_DESTROY = status("dnnl_memory_desc_destroy", JAVA_LONG);
    private static final MethodHandle MD_SIZE = handle("dnnl_memory_desc_get_size", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle ATTR_CREATE = status("dnnl_primitive_attr_create", JAVA_LONG);
    private static final MethodHandle ATTR_DESTROY = status("dnnl_primitive_attr_destroy", JAVA_LONG);
    private static final MethodHandle ATTR_FPMATH =
            status("dnnl_primitive_attr_set_fpmath_mode_v2", JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle ATTR_SCALES =
            status("dnnl_primitive_attr_set_scales_mask", JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle ATTR_SCRATCHPAD =
            status("dnnl_primitive_attr_set_scratchpad_mode", JAVA_LONG, JAVA_INT);
    private static final MethodHandle MATMUL_CREATE = status("dnnl_matmul_primitive_desc_create", JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle REORDER_CREATE =
            status("dnnl_reorder_primitive_desc_create", JAVA_LONG, JAVA_LONG,
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PD_DESTROY = status("dnnl_primitive_desc_destroy", JAVA_LONG);
    private static final MethodHandle PD_QUERY =
            status("dnnl_primitive_desc_query", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle PD_QUERY_MD =
            handle("dnnl_primitive_desc_query_md", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle PRIMITIVE_CREATE = status("dnnl_primitive_create", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PRIMITIVE_DESTROY = status("dnnl_primitive_destroy", JAVA_LONG);
    private static final MethodHandle PRIMITIVE_EXECUTE =
            status("dnnl_primitive_execute", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MEMORY_CREATE =
            status("dnnl_memory_create", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MEMORY_DESTROY = status("dnnl_memory_destroy", JAVA_LONG);
    private static final MethodHandle MEMORY_SET = status("dnnl_memory_set_data_handle", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle OMP_SET_THREADS = omp();

    private static final long ENGINE = create("engine", out -> (int) ENGINE_CREATE.invokeExact(out, CPU, 0L));
    private static final long STREAM = create("stream", out -> (int) STREAM_CREATE.invokeExact(out, ENGINE, IN_ORDER));

    private Dnnl() {}

    /** A call that stores a handle at the address of its argument. */
    @FunctionalInterface
    private interface Creation {
        int create(long out) throws Throwable;
    }

    private static MethodHandle status(String name, MemoryLayout... arguments) {
        return handle(name, JAVA_INT, arguments);
    }

    private static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
        MemorySegment function = SYMBOLS.find(name).orElseThrow(
                () -> new UnsupportedOperationException("oneDNN's library has no " + name + ", 3.11 is needed"));
        return Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(result, arguments));
    }

    /** The OpenMP runtime that the library itself uses: found through it. */
    private static MethodHandle omp() {
        MemorySegment function = SYMBOLS.find("omp_set_num_threads")
                .orElseThrow(() -> new UnsupportedOperationException("oneDNN's library has no OpenMP runtime"));
        return Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.ofVoid(JAVA_INT));
    }

    private static long create(String what, Creation creation) {
        long handle = tryCreate(what, creation);
        if (handle == 0) {
            throw new IllegalStateException("oneDNN: no " + what);
        }
        return handle;
    }

    /** The new handle, or 0 if there is no implementation. */
    private static long tryCreate(String what, Creation creation) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            int status = creation.create(out.address());
            return status == 0 ? out.get(JAVA_LONG, 0) : 0;
        } catch (Throwable e) {
            throw failure(what, e);
        }
    }

    private static IllegalStateException failure(String what, Throwable e) {
        if (e instanceof IllegalStateException ours) {
            return ours;
        }
        return new IllegalStateException("oneDNN: " + what + ": " + e.getMessage(), e);
    }

    private static void require(String what, int status) {
        if (status != 0) {
            throw new IllegalStateException("oneDNN: " + what + ": status " + status);
        }
    }

    /** For example {@code 3.11.0}. */
    static String version() {
        try {
            MemorySegment version = MemorySegment.ofAddress((long) VERSION.invokeExact()).reinterpret(12);
            return version.get(JAVA_INT, 0) + "." + version.get(JAVA_INT, 4) + "." + version.get(JAVA_INT, 8);
        } catch (Throwable e) {
            throw failure("version", e);
        }
    }

    /** The instruction set in use, as bits of {@code dnnl_cpu_isa_t}. */
    static int instructionSet() {
        try {
            return (int) ISA.invokeExact();
        } catch (Throwable e) {
            throw failure("instruction set", e);
        }
    }

    /** Limits OpenMP to the calling thread, as the library would split sums among threads. */
    static void useOneThread() {
        try {
            OMP_SET_THREADS.invokeExact(1);
        } catch (Throwable e) {
            throw failure("threads", e);
        }
    }

    /** A description of rows and columns. */
    static long matrix(int type, long rows, long columns, long rowStride, long columnStride) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment lengths = arena.allocateFrom(JAVA_LONG, rows, columns);
            MemorySegment strides = arena.allocateFrom(JAVA_LONG, rowStride, columnStride);
            return create("matrix", out -> (int) MD_CREATE.invokeExact(out, 2, lengths.address(), type,
                    strides.address()));
        }
    }

    /** A description of a row. */
    static long row(int type, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment lengths = arena.allocateFrom(JAVA_LONG, length);
            MemorySegment strides = arena.allocateFrom(JAVA_LONG, 1L);
            return create("row", out -> (int) MD_CREATE.invokeExact(out, 1, lengths.address(), type,
                    strides.address()));
        }
    }

    /** A description of a matrix whose layout the library chooses. */
    static long matrixOfAnyLayout(int type, long rows, long columns) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment lengths = arena.allocateFrom(JAVA_LONG, rows, columns);
            return create("matrix", out -> (int) MD_CREATE_TAG.invokeExact(out, 2, lengths.address(), type, ANY));
        }
    }

    static long copyOfDescription(long description) {
        return create("description", out -> (int) MD_CLONE.invokeExact(out, description));
    }

    static void destroyDescription(long description) {
        try {
            require("description", (int) MD_DESTROY.invokeExact(description));
        } catch (Throwable e) {
            throw failure("description", e);
        }
    }

    /** Bytes of what is described. */
    static long size(long description) {
        try {
            return (long) MD_SIZE.invokeExact(description);
        } catch (Throwable e) {
            throw failure("size", e);
        }
    }

    /** Attributes with the caller's scratch memory, and for integer weights with a scale per output. */
    static long attributes(boolean scaledIntegers) {
        long attributes = create("attributes", out -> (int) ATTR_CREATE.invokeExact(out));
        try {
            require("scratchpad", (int) ATTR_SCRATCHPAD.invokeExact(attributes, SCRATCHPAD_USER));
            if (scaledIntegers) {
                require("fpmath", (int) ATTR_FPMATH.invokeExact(attributes, FPMATH_BF16, 1));
                require("scales", (int) ATTR_SCALES.invokeExact(attributes, ARG_WEIGHTS, MASK_OF_OUTPUTS));
            }
            return attributes;
        } catch (Throwable e) {
            throw failure("attributes", e);
        }
    }

    static void destroyAttributes(long attributes) {
        try {
            require("attributes", (int) ATTR_DESTROY.invokeExact(attributes));
        } catch (Throwable e) {
            throw failure("attributes", e);
        }
    }

    /** A description of a matrix multiplication, or 0 if there is no implementation; {@code bias} may be 0. */
    static long tryMatmul(long source, long weights, long bias, long target, long attributes) {
        return tryCreate("matmul",
                out -> (int) MATMUL_CREATE.invokeExact(out, ENGINE, source, weights, bias, target, attributes));
    }

    /** A description of a copy into another layout. */
    static long reorder(long source, long target) {
        return create("reorder", out -> (int) REORDER_CREATE.invokeExact(out, source, ENGINE, target, ENGINE, 0L));
    }

    static void destroyOperation(long operation) {
        try {
            require("operation", (int) PD_DESTROY.invokeExact(operation));
        } catch (Throwable e) {
            throw failure("operation", e);
        }
    }

    /** The name of an operation's implementation, for example {@code brg_matmul:avx512_core_bf16}. */
    static String implementation(long operation) {
        long text = create("implementation",
                out -> (int) PD_QUERY.invokeExact(operation, QUERY_IMPLEMENTATION, 0, out));
        return MemorySegment.ofAddress(text).reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** The description of an operation's weights; it belongs to the operation. */
    static long weightsOf(long operation) {
        return query(operation, QUERY_WEIGHTS);
    }

    /** The description of the scratch memory that an operation needs; it belongs to the operation. */
    static long scratchpadOf(long operation) {
        return query(operation, QUERY_SCRATCHPAD);
    }

    private static long query(long operation, int what) {
        try {
            return (long) PD_QUERY_MD.invokeExact(operation, what, 0);
        } catch (Throwable e) {
            throw failure("query", e);
        }
    }

    /** Compiles an operation. */
    static long primitive(long operation) {
        return create("primitive", out -> (int) PRIMITIVE_CREATE.invokeExact(out, operation));
    }

    static void destroyPrimitive(long primitive) {
        try {
            require("primitive", (int) PRIMITIVE_DESTROY.invokeExact(primitive));
        } catch (Throwable e) {
            throw failure("primitive", e);
        }
    }

    /** A memory object over {@code address}, which may be 0 for now. */
    static long memory(long description, long address) {
        return create("memory", out -> (int) MEMORY_CREATE.invokeExact(out, description, ENGINE, address));
    }

    static void destroyMemory(long memory) {
        try {
            require("memory", (int) MEMORY_DESTROY.invokeExact(memory));
        } catch (Throwable e) {
            throw failure("memory", e);
        }
    }

    /** Changes the address of a memory object. */
    static void point(long memory, long address) {
        try {
            require("memory", (int) MEMORY_SET.invokeExact(memory, address));
        } catch (Throwable e) {
            throw failure("memory", e);
        }
    }

    /** Runs a primitive on the calling thread. */
    static void execute(long primitive, int numArguments, long arguments) {
        try {
            require("execution", (int) PRIMITIVE_EXECUTE.invokeExact(primitive, STREAM, numArguments, arguments));
        } catch (Throwable e) {
            throw failure("execution", e);
        }
    }

    /** The layout of the pointer in a {@code dnnl_exec_arg_t}. */
    static void putArgument(MemorySegment arguments, int index, int argument, long memory) {
        arguments.set(ValueLayout.JAVA_INT, index * EXEC_ARG_BYTES, argument);
        arguments.set(ValueLayout.JAVA_LONG, index * EXEC_ARG_BYTES + 8, memory);
    }
}
