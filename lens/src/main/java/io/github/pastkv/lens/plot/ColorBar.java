package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.plot.Picture.Anchor;
import io.github.pastkv.lens.plot.Picture.Style;
import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/** A titled scale of colors beside a map. */
record ColorBar(String title, double low, double high, List<Tick> ticks, DoubleFunction<Color> color) {
    private static final int BAR = 14;
    private static final int MIN_TICK_GAP = 13;
    private static final int MIN_HEIGHT = 110;

    record Tick(double value, String label) {}

    double width() {
        return BAR + 8 + Style.PLAIN.widest(ticks.stream().map(Tick::label).toList()) + 22;
    }

    /** The least height, for a title that runs along the bar. */
    double minHeight() {
        return Math.max(MIN_HEIGHT, Style.PLAIN.width(title));
    }

    void draw(Picture picture, double x, double y, double height) {
        int steps = (int) Math.ceil(height);
        for (int step = 0; step < steps; step++) {
            double value = high + (low - high) * (step + 0.5) / steps;
            picture.fill(x, y + step * height / steps, BAR, height / steps + 0.5, color.apply(value));
        }
        picture.frame(x, y, BAR, height, null, Color.GRAY);
        List<Double> taken = new ArrayList<>();
        for (Tick tick : ticks) {
            double place = high == low ? y + height / 2 : y + height * (high - tick.value()) / (high - low);
            if (taken.stream().allMatch(other -> Math.abs(other - place) >= MIN_TICK_GAP)) {
                taken.add(place);
                picture.curve(Color.GRAY, 1, "", x + BAR, place, x + BAR + 4, place);
                picture.text(tick.label(), x + BAR + 7, place + 4, Style.PLAIN);
            }
        }
        picture.text(title, x + width() - 6, y + height / 2, Style.PLAIN.at(Anchor.MIDDLE).turned(-90));
    }
}
