package io.github.pastkv.lens.plot;

import io.github.pastkv.lens.plot.TextStyle.Anchor;
import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/** A titled scale of colors beside a map, as high as the map; a long title along it has several lines. */
record ColorBar(String title, double low, double high, List<Tick> ticks, DoubleFunction<Color> color) {
    private static final int BAR = 14;
    private static final int MIN_TICK_GAP = 13;
    private static final int MIN_HEIGHT = 120;
    private static final int LINE = 15;

    record Tick(double value, String label) {}

    /** With its title, beside a map of a height. */
    double width(double mapHeight) {
        return titleX() + titleLines(mapHeight).size() * LINE - 8;
    }

    /** That of the map, unless the map is very small. */
    static double height(double mapHeight) {
        return Math.max(MIN_HEIGHT, mapHeight);
    }

    /** From the bar to the middle of the title's first line. */
    private double titleX() {
        return BAR + 24 + TextStyle.PLAIN.widest(ticks.stream().map(Tick::label).toList());
    }

    private List<String> titleLines(double mapHeight) {
        return Caption.wrap(title, TextStyle.PLAIN, height(mapHeight), "");
    }

    void draw(Picture picture, double x, double y, double mapHeight) {
        double height = height(mapHeight);
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
                picture.text(tick.label(), x + BAR + 7, place + 4, TextStyle.PLAIN);
            }
        }
        List<String> lines = titleLines(mapHeight);
        for (int line = 0; line < lines.size(); line++) {
            picture.text(lines.get(line).strip(), x + titleX() + line * LINE, y + height / 2,
                    TextStyle.PLAIN.at(Anchor.MIDDLE).turned(-90));
        }
    }
}
