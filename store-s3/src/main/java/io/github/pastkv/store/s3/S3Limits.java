package io.github.pastkv.store.s3;

/**
 * Sizes of bodies.
 *
 * @param partBytes of a large object; an object up to this size is put at once
 * @param maxObjectBytes largest object that is taken. A longer body is not read to its end
 */
record S3Limits(int partBytes, long maxObjectBytes) {
    /** Parts of 32 MiB, objects of at most 1 GiB. */
    static final S3Limits DEFAULT = new S3Limits(32 << 20, 1L << 30);
}
