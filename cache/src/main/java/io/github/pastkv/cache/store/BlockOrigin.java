package io.github.pastkv.cache.store;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What blocks are of, in words: model, numeric identity, storage types, windows, block size, layout, rotary lengths and
 * the digest of the namespace; never a salt. All of it is part of every {@link BlockKey} already; here it can be read,
 * and is compared when a chunk comes back.
 *
 * @param fields by name, in the order of names
 * @param tenant whose text it is, for the choice of a key of encryption: stored nowhere, and empty in what was stored
 */
public record BlockOrigin(SortedMap<String, String> fields, String tenant) {
    public BlockOrigin {
        fields = Collections.unmodifiableSortedMap(new TreeMap<>(fields));
    }

    /** An origin of these fields. */
    public static BlockOrigin of(Map<String, String> fields) {
        return new BlockOrigin(new TreeMap<>(fields), "");
    }

    /** The same fields, of a tenant. */
    public BlockOrigin ofTenant(String newTenant) {
        return new BlockOrigin(fields, newTenant);
    }

    /** The first field in which another origin differs, with both contents; null where they are equal. */
    public @Nullable String differenceFrom(BlockOrigin expected) {
        SortedMap<String, String> names = new TreeMap<>(fields);
        names.putAll(expected.fields);
        for (String name : names.keySet()) {
            if (!Objects.equals(fields.get(name), expected.fields.get(name))) {
                return name + " is " + fields.get(name) + ", not " + expected.fields.get(name);
            }
        }
        return null;
    }

    /** Without the tenant. */
    @Override
    public String toString() {
        return fields.toString();
    }
}
