/** A cache tier in a bucket of S3 or a server that speaks its protocol. */
@NullMarked
package io.github.pastkv.store.s3;

import org.jspecify.annotations.NullMarked;
