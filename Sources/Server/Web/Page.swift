// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The files of the page, by a list: no path of a request ever becomes one of the disk.
struct Page: Sendable {
    private static let types = [
        "index.html": "text/html; charset=utf-8", "page.css": "text/css; charset=utf-8",
        "page.js": "text/javascript; charset=utf-8", "try.js": "text/javascript; charset=utf-8",
        "runs.js": "text/javascript; charset=utf-8", "chart.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml",
    ]

    func addRoutes(to router: Router<BasicRequestContext>) {
        for (name, type) in Self.types {
            let path = name == "index.html" ? "/" : name
            router.get(RouterPath(path)) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: type],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: try Self.contents(of: name))))
            }
        }
    }

    private static func contents(of name: String) throws -> Data {
        let folder = Bundle.module.bundleURL.appending(path: "Resources")
        do {
            return try Data(contentsOf: folder.appending(path: name))
        } catch {
            throw ServerError(
                .internalServerError, "The page's files are not at \(folder.path): install the program again."
            )
        }
    }
}
