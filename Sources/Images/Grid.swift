// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Pictures side by side on one sheet, with labels where wanted.
///
/// ```swift
/// let sheet = Grid(columns: 2, scale: 4, columnLabels: ["teacher", "generator"]).compose(images)
/// ```
///
/// Every cell has the size of the largest image, or of the widest column label if that is wider; images lie
/// in the middle of theirs. Cells are `padding` pixels apart and from the edge.
public struct Grid: Sendable {
    /// Cells in a row.
    public var columns: Int
    /// Pixels between cells and around them.
    public var padding: Int
    /// The level around the images, 0 (black) to 255 (white). Labels are black on a light one, else white.
    public var background: UInt8
    /// How many times each pixel of an image is repeated in both directions.
    public var scale: Int
    /// Texts to the left of the rows: none, or one a row.
    public var rowLabels: [String]
    /// Texts above the columns: none, or one a column.
    public var columnLabels: [String]

    /// Describes a sheet; see the properties.
    public init(
        columns: Int, padding: Int = 2, background: UInt8 = 255, scale: Int = 1, rowLabels: [String] = [],
        columnLabels: [String] = []
    ) {
        precondition(columns > 0 && padding >= 0 && scale > 0, "a grid needs columns and a positive scale")
        precondition(
            columnLabels.isEmpty || columnLabels.count == columns,
            "\(columnLabels.count) labels for \(columns) columns")
        self.columns = columns
        self.padding = padding
        self.background = background
        self.scale = scale
        self.rowLabels = rowLabels
        self.columnLabels = columnLabels
    }

    /// Draws the sheet, row by row; it is RGB if any image is.
    ///
    /// - Parameter images: at least one.
    public func compose(_ images: [Image]) -> Image {
        let rows = (images.count + columns - 1) / columns
        precondition(rows > 0, "a grid needs an image")
        precondition(
            rowLabels.isEmpty || rowLabels.count == rows, "\(rowLabels.count) labels for \(rows) rows")
        let layout = Layout(self, images)

        let isRGB = images.contains { $0.channels == 3 }
        var sheet = Image(
            width: layout.left + columns * layout.pitch.width,
            height: layout.top + rows * layout.pitch.height,
            channels: isRGB ? 3 : 1, level: background)
        for (index, image) in images.enumerated() {
            let picture = (isRGB ? image.rgb : image).enlarged(by: scale)
            let cell = layout.cell(row: index / columns, column: index % columns)
            sheet.paste(
                picture, x: cell.x + (layout.cell.width - picture.width) / 2,
                y: cell.y + (layout.cell.height - picture.height) / 2)
        }

        let ink: UInt8 = background < 128 ? 255 : 0
        func label(_ text: String, x: Int, y: Int) {
            Font.draw(text, into: &sheet, x: x, y: y, scale: layout.textScale, level: ink)
        }
        for (row, text) in rowLabels.enumerated() {
            let height = Font.size(of: text, scale: layout.textScale).height
            label(text, x: padding, y: layout.cell(row: row, column: 0).y + (layout.cell.height - height) / 2)
        }
        for (column, text) in columnLabels.enumerated() {
            let width = Font.size(of: text, scale: layout.textScale).width
            label(
                text, x: layout.cell(row: 0, column: column).x + (layout.cell.width - width) / 2, y: padding)
        }
        return sheet
    }
}

/// Where things lie on a sheet, in its pixels.
private struct Layout {
    /// Dots of letters are doubled where cells would dwarf them and still hold the column labels.
    let textScale: Int
    let cell: (width: Int, height: Int)
    let pitch: (width: Int, height: Int)
    /// The corner of the first cell, after the labels.
    let left: Int
    let top: Int

    init(_ grid: Grid, _ images: [Image]) {
        let width = grid.scale * (images.map(\.width).max() ?? 0)
        let height = grid.scale * (images.map(\.height).max() ?? 0)
        func extent(of labels: [String], scale: Int) -> (width: Int, height: Int) {
            let sizes = labels.map { Font.size(of: $0, scale: scale) }
            return (sizes.map(\.width).max() ?? 0, sizes.map(\.height).max() ?? 0)
        }
        let isRoomy = min(width, height) >= 56 && extent(of: grid.columnLabels, scale: 2).width <= width
        textScale = isRoomy ? 2 : 1
        let rowText = extent(of: grid.rowLabels, scale: textScale)
        let columnText = extent(of: grid.columnLabels, scale: textScale)
        cell = (max(width, columnText.width), max(height, rowText.height))
        pitch = (cell.width + grid.padding, cell.height + grid.padding)
        left = grid.padding + (rowText.width > 0 ? rowText.width + grid.padding : 0)
        top = grid.padding + (columnText.height > 0 ? columnText.height + grid.padding : 0)
    }

    func cell(row: Int, column: Int) -> (x: Int, y: Int) {
        (left + column * pitch.width, top + row * pitch.height)
    }
}
