/** An application on the module path. */
module app {
    requires io.github.pastkv.model;
    requires io.github.pastkv.tinymodel;
}
