// A network of its own, where the configuration names none of yours: private endpoints stand in it, and the zones resolve
// their names there. Machines that need to reach them join it, for instance by peering or VPN.

import { Placement } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. Name of the virtual network.')
param name string

@description('Required. Its address space.')
param addressSpace string

@description('Required. Name of the workspace, which the zones\' links are called by.')
param workspaceName string

@description('Required. Names of the zones.')
param zoneNames string[]

// Azure's own rules, which admit the virtual network and nothing of the internet.
resource securityGroup 'Microsoft.Network/networkSecurityGroups@2024-07-01' = {
  name: 'nsg-${name}'
  location: placement.location
  tags: placement.tags
  properties: {
    securityRules: []
  }
}

resource virtualNetwork 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: placement.location
  tags: placement.tags
  properties: {
    addressSpace: {
      addressPrefixes: [addressSpace]
    }
    subnets: [
      {
        name: 'endpoints'
        properties: {
          addressPrefixes: [addressSpace]
          defaultOutboundAccess: false
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled' // else the rules would not count for private endpoints
          networkSecurityGroup: {
            id: securityGroup.id
          }
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zoneName in zoneNames: {
    name: zoneName
    location: 'global'
    tags: placement.tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zoneName, index) in zoneNames: {
    parent: zone[index]
    name: workspaceName
    location: 'global'
    tags: placement.tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: virtualNetwork.id
      }
    }
  }
]
