package io.github.pastkv.cache.prefix;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything that must be equal for two caches to share blocks: the model, the storage types, whatever else changes the
 * bytes, and a salt that separates tenants. Its identity is a SHA-256 over its fields, each prefixed with its tag and
 * its length, so that different fields cannot produce the same input.
 *
 * <p>Immutable. The label is for display; it is not part of the identity and must not reveal a salt.
 */
public final class PrefixNamespace {
    private final String label;
    private final byte[] digest;
    private final SortedMap<String, String> fields;
    private final String tenant;

    private PrefixNamespace(String label, byte[] digest, SortedMap<String, String> fields, String tenant) {
        this.label = label;
        this.digest = digest;
        this.fields = Collections.unmodifiableSortedMap(fields);
        this.tenant = tenant;
    }

    /** Starts a namespace. */
    public static Builder builder(String label) {
        return new Builder(Objects.requireNonNull(label, "label: null"));
    }

    /** Name for display. */
    public String label() {
        return label;
    }

    /** The identity as 64 hexadecimal digits. */
    public String digest() {
        return HexFormat.of().formatHex(digest);
    }

    /** The fields that are not secret, for people and for what is stored: their contents are in the identity too. */
    public SortedMap<String, String> fields() {
        return fields;
    }

    /** Whose texts these are, for the choice of a key of encryption; empty for nobody's. Written nowhere. */
    public String tenant() {
        return tenant;
    }

    /** First eight bytes of the identity. */
    public long seed() {
        return ByteBuffer.wrap(digest).getLong();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PrefixNamespace namespace && MessageDigest.isEqual(digest, namespace.digest);
    }

    @Override
    public int hashCode() {
        return ByteBuffer.wrap(digest).getInt();
    }

    @Override
    public String toString() {
        return label + " (" + digest().substring(0, 8) + ")";
    }

    /** Collects fields. Their order matters, and each tag may occur once. */
    public static final class Builder {
        private final String label;
        private final MessageDigest sha256;
        private final List<String> tags = new ArrayList<>();
        private final SortedMap<String, String> fields = new TreeMap<>();
        private String tenant = "";

        private Builder(String label) {
            this.label = label;
            try {
                this.sha256 = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
            put("io.github.pastkv.prefix.1".getBytes(StandardCharsets.UTF_8));
        }

        /** One more field whose content is part of the identity only: it is written nowhere in clear. */
        public Builder withSecret(String tag, String content) {
            return add(tag, content.getBytes(StandardCharsets.UTF_8));
        }

        /** Whose texts these are. It is not part of the identity: what tells tenants apart is a secret field. */
        public Builder ofTenant(String newTenant) {
            tenant = newTenant;
            return this;
        }

        private Builder add(String tag, byte[] content) {
            if (tags.contains(tag)) {
                throw new IllegalArgumentException("tag: " + tag + " is already set");
            }
            tags.add(tag);
            put(tag.getBytes(StandardCharsets.UTF_8));
            put(content);
            return this;
        }

        /** One more field; people see it as hexadecimal digits. */
        public Builder with(String tag, byte[] content) {
            fields.put(tag, HexFormat.of().formatHex(content));
            return add(tag, content);
        }

        /** One more field, as UTF-8. */
        public Builder with(String tag, String content) {
            fields.put(tag, content);
            return add(tag, content.getBytes(StandardCharsets.UTF_8));
        }

        /** One more field. */
        public Builder with(String tag, long content) {
            fields.put(tag, Long.toString(content));
            return add(tag, ByteBuffer.allocate(Long.BYTES).putLong(content).array());
        }

        private void put(byte[] content) {
            sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(content.length).array());
            sha256.update(content);
        }

        /** The namespace of these fields; the builder must not be used afterward. */
        public PrefixNamespace build() {
            return new PrefixNamespace(label, sha256.digest(), fields, tenant);
        }
    }
}
