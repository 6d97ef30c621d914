// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// The record of how a run goes: every scalar both in the event file for TensorBoard and in the JSON log.
///
/// To lose nothing and repeat nothing when a run goes on from a checkpoint, record a step before writing its checkpoint,
/// and call ``synchronize()`` in between.
public final class MetricLog: Sendable {
    private let events: EventWriter
    private let scalars: ScalarLog

    /// Opens the records of a run.
    ///
    /// - Parameters:
    ///   - folder: the run's folder, made ready by ``RunFolder/run(_:overriding:warn:_:)``.
    ///   - step: the step of the checkpoint that the run goes on from: what was recorded after it is cut off. None
    ///     begins anew.
    /// - Throws: `FileError`.
    public init(_ folder: RunFolder, after step: Int?) throws {
        events = try EventWriter(folder.events, after: step)
        scalars = try ScalarLog(folder.log, after: step)
    }

    /// Records scalars of one step, by tag, such as `["loss/regression": 0.1]`. Steps must not fall.
    ///
    /// - Throws: `FileError`.
    public func record(step: Int, _ values: [String: Double]) throws {
        let now = Date.now
        try events.append(step: step, time: now, scalars: values)
        try scalars.append(step: step, time: now, scalars: values)
    }

    /// Records a picture of one step in the event file.
    ///
    /// - Parameters:
    ///   - step: the step, from 0.
    ///   - tag: what the picture is called, such as `"samples"`.
    ///   - image: a whole PNG or JPEG file.
    ///   - width: pixels in a row.
    ///   - height: rows.
    /// - Throws: `FileError`.
    public func record(step: Int, tag: String, image: Data, width: Int, height: Int) throws {
        try events.append(step: step, time: .now, tag: tag, image: image, width: width, height: height)
    }

    /// Waits until the disk has all that was recorded.
    ///
    /// - Throws: `FileError`.
    public func synchronize() throws {
        try events.synchronize()
        try scalars.synchronize()
    }
}
