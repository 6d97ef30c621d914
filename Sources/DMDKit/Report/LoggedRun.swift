// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Training

/// What curves are drawn over.
public enum ChartAxis: String, CaseIterable, Sendable {
    /// Steps of the run.
    case steps
    /// Images of the batches up to there.
    case images
    /// The time that the steps took, pauses and pictures left out.
    case minutes

    var title: String {
        switch self {
        case .steps: "step"
        case .images: "images seen"
        case .minutes: "minutes of training"
        }
    }
}

/// The log of a run, as charts draw it.
struct LoggedRun {
    let name: String
    let lines: [ScalarLog.Line]
    /// Images that a step sees.
    let batch: Int
    /// The time that the steps up to each line took.
    private let minutes: [Double]

    init(name: String, lines: [ScalarLog.Line], batch: Int) {
        (self.name, self.lines, self.batch) = (name, lines, batch)
        var (step, sum) = (0, 0.0)
        minutes = lines.map { line in
            if let rate = line.values["images_per_second"], rate > 0 {
                sum += Double(max(0, line.step - step) * batch) / rate / 60
                step = line.step
            }
            return sum
        }
    }

    /// Minutes of all steps.
    var duration: Double { minutes.last ?? 0 }

    /// A scalar over an axis.
    func points(_ tag: String, over axis: ChartAxis) -> [LineChart.Point] {
        lines.indices.compactMap { index in
            lines[index].values[tag].map { (x: place(of: index, on: axis), y: $0) }
        }
    }

    private func place(of index: Int, on axis: ChartAxis) -> Double {
        switch axis {
        case .steps: Double(lines[index].step)
        case .images: Double(lines[index].step * batch)
        case .minutes: minutes[index]
        }
    }
}
