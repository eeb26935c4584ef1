package io.github.pastkv.serve.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * A connection that can be asked whether its client has closed it, while a request is being answered. HTTP/1.1 tells a
 * server nothing of that: only reading does. What is read by asking, a pipelined request or a record of TLS, is kept
 * and given to the next {@link #fill}.
 *
 * <p>A client that closes only its sending half counts as gone.
 */
final class ClientEndPoint extends SocketChannelEndPoint {
    private static final int MAX_READ_AHEAD_BYTES = 16 << 10; // a record of TLS; with more in it, nothing is noticed

    private final ByteBuffer readAhead = ByteBuffer.allocate(MAX_READ_AHEAD_BYTES).flip(); // guarded by this

    ClientEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
        super(channel, selector, key, scheduler);
    }

    /** Whether the client has closed the connection. Never blocks. Asked only while a request is being answered. */
    synchronized boolean isClientGone() {
        try {
            readAhead.compact();
            try {
                return readAhead.hasRemaining() && getChannel().read(readAhead) < 0;
            } finally {
                readAhead.flip();
            }
        } catch (IOException _) {
            return true;
        }
    }

    @Override
    public synchronized int fill(ByteBuffer buffer) throws IOException {
        if (!readAhead.hasRemaining()) {
            return super.fill(buffer);
        }
        int position = BufferUtil.flipToFill(buffer);
        int numBytes = Math.min(buffer.remaining(), readAhead.remaining());
        buffer.put(readAhead.slice(readAhead.position(), numBytes));
        readAhead.position(readAhead.position() + numBytes);
        BufferUtil.flipToFlush(buffer, position);
        return numBytes;
    }
}
