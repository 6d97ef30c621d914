// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Writes scalars and images to an event file for TensorBoard.
///
/// A run has one event file. Going on from a checkpoint cuts off what was written after the checkpoint's step, and a
/// record that was torn at the end, so that TensorBoard shows every step once.
public final class EventWriter: Sendable {
    /// The name of a run's event file. TensorBoard knows one by the word `tfevents`.
    public static let fileName = "events.out.tfevents.run"

    private let file: AppendedFile

    /// Opens or makes the event file in a folder.
    ///
    /// - Parameters:
    ///   - folder: an existing folder, ``RunFolder/events``.
    ///   - step: the last step whose records stay; none empties the file.
    /// - Throws: `FileError`.
    public init(_ folder: URL, after step: Int?) throws {
        var isEmpty = true
        file = try AppendedFile(folder.appending(path: Self.fileName)) { data in
            let prefix = step.map { EventRecord.prefix(of: data, upTo: $0) } ?? 0
            isEmpty = prefix == 0
            return prefix
        }
        if isEmpty {
            try append(step: 0, time: .now) { $0.fileVersion = "brain.Event:2" }
        }
    }

    /// Writes scalars of one step, by tag, such as `"loss/regression"`.
    ///
    /// - Throws: `FileError`.
    public func append(step: Int, time: Date, scalars: [String: Double]) throws {
        try append(step: step, time: time) { event in
            event.summary.value = scalars.sorted { $0.key < $1.key }.map { tag, scalar in
                var value = ProtoSummary.Value()
                value.tag = tag
                value.simpleValue = Float(scalar)
                return value
            }
        }
    }

    /// Writes a picture of one step.
    ///
    /// - Parameters:
    ///   - step: the step, from 0.
    ///   - time: when the picture was made.
    ///   - tag: what it is called, such as `"samples"`.
    ///   - image: a whole PNG or JPEG file.
    ///   - width: pixels in a row.
    ///   - height: rows.
    /// - Throws: `FileError`.
    public func append(step: Int, time: Date, tag: String, image: Data, width: Int, height: Int) throws {
        try append(step: step, time: time) { event in
            var value = ProtoSummary.Value()
            value.tag = tag
            value.image.width = Int32(width)
            value.image.height = Int32(height)
            value.image.colorspace = 3
            value.image.encodedImageString = image
            event.summary.value = [value]
        }
    }

    /// Waits until the disk has all that was written.
    ///
    /// - Throws: `FileError`.
    public func synchronize() throws {
        try file.synchronize()
    }

    private func append(step: Int, time: Date, _ fill: (inout ProtoEvent) -> Void) throws {
        var event = ProtoEvent()
        event.step = Int64(step)
        event.wallTime = time.timeIntervalSince1970
        fill(&event)
        try file.append(EventRecord.framed(event))
    }
}
