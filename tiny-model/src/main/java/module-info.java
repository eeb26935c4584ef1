/** A small trained model, carried as resources. */
module io.github.pastkv.tinymodel {
    requires static org.jspecify;

    exports io.github.pastkv.tinymodel;
}
