<#
.SYNOPSIS
Installs ComfyDock for one user on Windows, or takes it away again. Needs no administrator.

.DESCRIPTION
  powershell -ExecutionPolicy Bypass -File install.ps1 [-Prefix DIR] [-Version VERSION] [-From PLACE]
  powershell -ExecutionPolicy Bypass -File install.ps1 -Uninstall [-Prefix DIR]

Makes, below the prefix (default: %LOCALAPPDATA%\Programs\ComfyDock):
  versions\VERSION-TOKEN\   the program; an installed version is never written to again
  bin\comfydock.cmd, bin\cfd.cmd   start the version in use; replacing comfydock.cmd is the step that installs

PLACE, or COMFYDOCK_RELEASE_URL, is a directory or an address that holds SHA256SUMS and the archives.
#>
param(
    [string] $Prefix = (Join-Path $env:LOCALAPPDATA 'Programs\ComfyDock'),
    [string] $Version = '',
    [string] $From = $env:COMFYDOCK_RELEASE_URL,
    [switch] $Uninstall
)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$Releases = 'https://github.com/ComfyDock/ComfyDock/releases'
$Version = $Version -replace '^v', ''

function Get-ReleaseFile([string] $Name, [string] $Target) {
    if ($script:Place -match '^https?://') {
        Invoke-WebRequest -UseBasicParsing -Uri "$script:Place/$Name" -OutFile $Target
    } else {
        Copy-Item -LiteralPath (Join-Path $script:Place $Name) -Destination $Target
    }
}

function Get-Archive([string] $Work) {
    $sums = Join-Path $Work 'SHA256SUMS'
    Get-ReleaseFile 'SHA256SUMS' $sums
    $offered = foreach ($line in Get-Content -LiteralPath $sums) {
        if ($line -match '^([0-9a-f]{64}) [ *](comfydock-([0-9][0-9A-Za-z.+]*)-windows-x86_64\.zip)$') {
            [pscustomobject] @{ Sha256 = $Matches[1]; Name = $Matches[2]; Version = $Matches[3] }
        }
    }
    if ($Version) { $offered = $offered | Where-Object { $_.Version -eq $Version } }
    $chosen = $offered |
        Sort-Object { $_.Version -notmatch '[A-Za-z]' }, { [version] ($_.Version -replace '[^0-9.].*$' -replace '\.$') } |
        Select-Object -Last 1
    if (-not $chosen) { throw "there is no release for this machine in $script:Place" }
    Write-Host "Fetching ComfyDock $($chosen.Version) from $script:Place"
    $archive = Join-Path $Work $chosen.Name
    Get-ReleaseFile $chosen.Name $archive
    $found = (Get-FileHash -Algorithm SHA256 -LiteralPath $archive).Hash.ToLowerInvariant()
    if ($found -ne $chosen.Sha256) {
        throw "$($chosen.Name) is damaged: its SHA-256 is $found, SHA256SUMS says $($chosen.Sha256)"
    }
    return $chosen
}

function Install-ComfyDock {
    $script:Place = if ($From) { $From.TrimEnd('/') }
        elseif (Test-Path (Join-Path $PSScriptRoot 'SHA256SUMS')) { $PSScriptRoot }
        elseif ($Version) { "$Releases/download/v$Version" }
        else { "$Releases/latest/download" }
    $token = [guid]::NewGuid().ToString('N').Substring(0, 6)
    $work = Join-Path $Prefix ".new.$token"
    New-Item -ItemType Directory -Force -Path $work, (Join-Path $Prefix 'versions'), (Join-Path $Prefix 'bin') | Out-Null
    try {
        $chosen = Get-Archive $work
        Expand-Archive -LiteralPath (Join-Path $work $chosen.Name) -DestinationPath (Join-Path $work 'unpacked')
        $fresh = Get-ChildItem -LiteralPath (Join-Path $work 'unpacked') -Directory | Select-Object -First 1
        $program = Join-Path $fresh.FullName 'comfydock.exe'
        $answer = & $program --version
        if ($LASTEXITCODE -ne 0 -or $answer -ne "comfydock $($chosen.Version)") {
            throw "ComfyDock $($chosen.Version) does not start here: $answer"
        }
        $target = Join-Path $Prefix "versions\$($chosen.Version)-$token"
        Move-Item -LiteralPath $fresh.FullName -Destination $target
        foreach ($name in 'cfd', 'comfydock') {
            $starter = Join-Path $Prefix "bin\$name.cmd"
            Set-Content -LiteralPath "$starter.new" -Encoding Ascii -Value "@`"%~dp0..\versions\$($chosen.Version)-$token\comfydock.exe`" %*"
            Move-Item -Force -LiteralPath "$starter.new" -Destination $starter
        }
    } finally {
        Remove-Item -Recurse -Force -LiteralPath $work -ErrorAction SilentlyContinue
    }
    Write-Host "ComfyDock $($chosen.Version) is installed in $Prefix"
    $bin = Join-Path $Prefix 'bin'
    if (($env:PATH -split ';') -notcontains $bin) {
        Write-Host "$bin is not on your PATH. To add it for new windows:"
        Write-Host "  [Environment]::SetEnvironmentVariable('PATH', [Environment]::GetEnvironmentVariable('PATH', 'User') + ';$bin', 'User')"
    }
}

function Uninstall-ComfyDock {
    if (-not (Test-Path (Join-Path $Prefix 'versions'))) { throw "ComfyDock is not installed in $Prefix" }
    foreach ($name in 'bin\cfd.cmd', 'bin\comfydock.cmd', 'versions') {
        Remove-Item -Recurse -Force -LiteralPath (Join-Path $Prefix $name) -ErrorAction SilentlyContinue
    }
    Write-Host "ComfyDock is uninstalled from $Prefix; workspaces stay where they are"
}

try {
    if ($Uninstall) { Uninstall-ComfyDock } else { Install-ComfyDock }
} catch {
    [Console]::Error.WriteLine("error: $($_.Exception.Message)")
    exit 1
}
