// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

extension UNetConfiguration {
    /// Checks that the sizes make a network.
    ///
    /// - Throws: ``UNetConfigurationError``.
    public func validate() throws(UNetConfigurationError) {
        func check(_ key: String, _ value: Any, _ holds: Bool, _ condition: String)
            throws(UNetConfigurationError)
        {
            guard holds else { throw .init(key: key, value: "\(value)", condition: condition) }
        }
        try check(
            "channelMult", channelMult, !channelMult.isEmpty && channelMult.allSatisfy { $0 > 0 },
            "at least one number above 0")
        try check("channelMult", channelMult, channelMult.count < 16, "at most 15 numbers")
        let factor = 1 << (channelMult.count - 1)
        try check(
            "imgResolution", imgResolution, imgResolution > 0 && imgResolution.isMultiple(of: factor),
            "a multiple of \(factor), as there are \(channelMult.count) resolutions")
        try check("imgChannels", imgChannels, imgChannels > 0, "above 0")
        try check("labelDim", labelDim, labelDim >= 0, "at least 0")
        try check("augmentDim", augmentDim, augmentDim >= 0, "at least 0")
        // Two levels' channels side by side must still form 32 groups, or groups of four where they are fewer than 128.
        let isNarrow = 2 * modelChannels * (channelMult.max() ?? 1) < 128
        try check(
            "modelChannels", modelChannels,
            modelChannels > 0 && modelChannels.isMultiple(of: isNarrow ? 4 : 32),
            "a multiple of 32, or of 4 in a network whose layers all have less than 64 channels")
        try check("channelMultEmb", channelMultEmb, channelMultEmb > 0, "above 0")
        try check("numBlocks", numBlocks, numBlocks > 0, "above 0")
        try check(
            "channelsPerHead", channelsPerHead,
            channelsPerHead > 0 && (arch != .adm || attendingChannels.allSatisfy(formsHeads)),
            "a divisor of the channels of every layer with self-attention, \(attendingChannels)")
    }

    /// The channels of the layers that attend: those of the chosen levels, and of the lowest.
    private var attendingChannels: [Int] {
        levels.enumerated().filter { $1.attends || $0 == levels.count - 1 }.map(\.element.channels)
    }

    /// A layer that is too narrow for a head goes without attention.
    private func formsHeads(_ channels: Int) -> Bool {
        channels < channelsPerHead || channels.isMultiple(of: channelsPerHead)
    }
}

/// A size that makes no network.
public struct UNetConfigurationError: LocalizedError, Equatable, CustomStringConvertible {
    /// The name of the size.
    public let key: String
    /// What it is.
    public let value: String
    /// What it must be.
    public let condition: String

    /// What is wrong, in one sentence.
    public var description: String { "The network's `\(key)` is \(value) and must be \(condition)." }

    /// The ``description``.
    public var errorDescription: String? { description }
}
