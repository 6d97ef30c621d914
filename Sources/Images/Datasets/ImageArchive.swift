// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Torch

/// A zip archive of images, whose faults are those of images.
struct ImageArchive {
    /// The largest member that is read, in bytes: no encoded image or list of labels comes near.
    private static let largestMember = 1 << 28

    var members: [ZipArchive.Member] { archive.members }
    private let archive: ZipArchive

    init(at url: URL) throws(ImageError) {
        do {
            archive = try ZipArchive(at: url, largestMember: Self.largestMember)
        } catch {
            throw ImageError(error)
        }
    }

    /// The bytes that hold nearly every image's header.
    private static let headerSize = 4096

    func title(of member: ZipArchive.Member) -> String { archive.title(of: member) }

    func contents(of member: ZipArchive.Member) throws(ImageError) -> Data {
        do {
            return try archive.contents(of: member)
        } catch {
            throw ImageError(error)
        }
    }

    /// `[C, H, W]` of a member that is an image, of which no more is read than need be, and how it is to be turned.
    func header(of member: ZipArchive.Member) throws -> (shape: [Int], orientation: Orientation) {
        let start = try archived { () throws(ArchiveError) in
            try archive.start(of: member, atMost: Self.headerSize)
        }
        try refuseSubstitute(start, named: title(of: member))
        let header = try Codec(start, named: title(of: member))
        if start.count < member.size, header.beginsWithOrientation, let shape = try? header.shape() {
            return (shape, header.orientation)
        }
        let whole = try Codec(contents(of: member), named: title(of: member))
        return (try whole.shape(), whole.orientation)
    }
}

/// Runs a call that reads an archive, and makes its faults those of images.
func archived<Value>(_ body: () throws(ArchiveError) -> Value) throws(ImageError) -> Value {
    do {
        return try body()
    } catch {
        throw ImageError(error)
    }
}

extension ImageError {
    /// What is wrong with the archive that images lie in.
    init(_ error: ArchiveError) {
        switch error {
        case .damaged(let file, let reason): self = .damaged(file: file, reason: reason)
        case .unsupported(let file, let reason): self = .notADataset(file: file, reason: reason)
        case .notData(let file, let global):
            self = .notADataset(file: file, reason: "it asks for \(global), which is not data")
        }
    }
}
